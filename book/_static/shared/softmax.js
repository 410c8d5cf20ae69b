/* Probabilities of a row of logits, divided by the temperature first: above 1 it makes them more modest. The largest logit
   is taken off all of them, so that nothing overflows. Returns an Array. */
export function softmax(logits, temperature = 1) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
