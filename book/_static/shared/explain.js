/* Why an answer: the training pictures that are most like this one, and the places that spoke for it. Numbers only. */

/* Return the places of the `count` largest numbers, largest first. */
export function largest(numbers, count) {
  return Array.from(numbers, (_, index) => index).sort((a, b) => numbers[b] - numbers[a]).slice(0, count);
}

/* Return the `count` rows that point in the direction most like that of `features`.

   rows: {values, count}, values being count * features.length numbers, in any unit, one row after the other.
   Returns [{row, similarity}], most similar first; similarity is the cosine of the angle, 1 for the same direction. */
export function nearest(features, rows, count) {
  const width = features.length;
  const length = Math.hypot(...features);
  const similarities = new Float32Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) {
    let [product, square] = [0, 0];
    for (let column = 0; column < width; column += 1) {
      const value = rows.values[row * width + column];
      product += value * features[column];
      square += value * value;
    }
    similarities[row] = product / (length * Math.sqrt(square) || 1);
  }
  return largest(similarities, count).map((row) => ({ row, similarity: similarities[row] }));
}

/* Return the share of each place in the logit of a class: together with the class's bias they add up to it exactly,
   since the features are averages over the places, and the head is linear.

   map: height * width * features numbers; shape: [height, width, features]; weights: one number for each feature. */
export function activationMap(map, [height, width, depth], weights) {
  const shares = new Float32Array(height * width);
  for (let place = 0; place < shares.length; place += 1) {
    let sum = 0;
    for (let feature = 0; feature < depth; feature += 1) sum += map[place * depth + feature] * weights[feature];
    shares[place] = sum / shares.length;
  }
  return shares;
}

/* Say in words where the largest share is, such as "upper left" or "middle". */
export function placeInWords(shares, [height, width]) {
  const [place] = largest(shares, 1);
  const third = (index, length) => Math.min(2, Math.floor((3 * (index + 0.5)) / length));
  const row = ["upper", "", "lower"][third(Math.floor(place / width), height)];
  const column = ["left", "", "right"][third(place % width, width)];
  if (!row && !column) return "in the middle";
  if (row && column) return `at the ${row} ${column}`;
  return row ? `at the ${row} edge` : `at the ${column} edge`;
}

/* A probability as it is read: "87 %", and never "100 %" of what is not quite certain. */
export function percent(probability) {
  const rounded = Math.round(100 * probability);
  if (rounded === 100 && probability < 1) return "over 99 %";
  if (rounded === 0 && probability > 0) return "under 1 %";
  return `${rounded} %`;
}

/* The answer as a sentence. threshold: the probability below which it is "I don't know"; null for none. */
export function verdict(probabilities, names, threshold = null) {
  const [best] = largest(probabilities, 1);
  const chance = percent(probabilities[best]);
  if (threshold !== null && probabilities[best] < threshold) {
    return `I don't know. It is most like ${names[best]}, but with ${chance} that is below the threshold of ${percent(threshold)}.`;
  }
  return `${names[best]}, ${chance}`;
}
