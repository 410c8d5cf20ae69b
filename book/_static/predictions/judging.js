/* What becomes of predictions at a temperature and a threshold. Numbers only; nothing here knows of a page. */

import { softmax } from "../shared/softmax.js";

/* The answer to each row of logits: {answer, confidence, probabilities}. */
export function answers(logits, temperature = 1) {
  return logits.map((row) => {
    const probabilities = softmax(row, temperature);
    const confidence = Math.max(...probabilities);
    return { answer: probabilities.indexOf(confidence), confidence, probabilities };
  });
}

/* Count labels against answers. An answer with a confidence below the threshold is "I don't know", the last column.

   Returns counts: rows by label, columns by answer, one more for "I don't know"; recall: of all pictures of a class, the share
   that was answered rightly; precision: of all answers of a class, the share that was right, null where there is none;
   rejected; answered; right. */
export function judge(labels, given, classes, threshold = 0) {
  const counts = Array.from({ length: classes }, () => new Array(classes + 1).fill(0));
  given.forEach(({ answer, confidence }, index) => {
    counts[labels[index]][confidence < threshold ? classes : answer] += 1;
  });
  const share = (part, whole) => (whole ? part / whole : null);
  const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
  const rejected = sum(counts.map((row) => row[classes]));
  return {
    counts,
    recall: counts.map((row, label) => share(row[label], sum(row))),
    precision: counts.map((_, label) => share(counts[label][label], sum(counts.map((row) => row[label])))),
    rejected,
    answered: labels.length - rejected,
    right: sum(counts.map((row, label) => row[label])),
  };
}

/* The ends of the 95 % interval of a share (Wilson). */
export function wilson(hits, count, z = 1.96) {
  const middle = (hits + (z * z) / 2) / (count + z * z);
  const half = (z * Math.sqrt((hits * (count - hits)) / count + (z * z) / 4)) / (count + z * z);
  return [middle - half, middle + half];
}

/* Confidence against the share of right answers. edges: of the bins, the lower one belongs to its bin.

   Returns bins: [{count, right, confidence, accuracy}], empty ones left out; ece: the expected calibration error, the mean of
   their differences, weighted by their counts; loss: the mean of -log(probability of the label). */
export function calibration(labels, given, edges) {
  const bins = edges.slice(1).map(() => ({ count: 0, right: 0, sure: 0 }));
  let loss = 0;
  given.forEach(({ answer, confidence, probabilities }, index) => {
    const place = edges.findLastIndex((edge) => confidence >= edge);
    const bin = bins[Math.min(bins.length - 1, Math.max(0, place))];
    bin.count += 1;
    bin.right += answer === labels[index] ? 1 : 0;
    bin.sure += confidence;
    loss -= Math.log(Math.max(probabilities[labels[index]], Number.MIN_VALUE));
  });
  const full = bins.filter(({ count }) => count).map(({ count, right, sure }) => ({ count, right, confidence: sure / count, accuracy: right / count }));
  const ece = full.reduce((sum, { count, confidence, accuracy }) => sum + (count / given.length) * Math.abs(confidence - accuracy), 0);
  return { bins: full, ece, loss: loss / given.length };
}

/* Of the temperatures given, the one with the smallest loss. */
export function bestTemperature(labels, logits, temperatures, edges) {
  const losses = temperatures.map((one) => calibration(labels, answers(logits, one), edges).loss);
  return temperatures[losses.indexOf(Math.min(...losses))];
}

/* The point of [[x, y], ...] to which an arrow leads from one of them: the nearest of those that lie more in that
   direction than in the other; itself where there is none. way: [1, 0] is to the right, [0, 1] upward. */
export function neighborOn(points, from, way) {
  const [x, y] = points[from];
  let [best, least] = [from, Infinity];
  points.forEach(([otherX, otherY], index) => {
    const along = (otherX - x) * way[0] + (otherY - y) * way[1];
    const across = Math.abs((otherX - x) * way[1]) + Math.abs((otherY - y) * way[0]);
    const distance = along + 2 * across;
    if (index !== from && along > 0 && across <= along && distance < least) [best, least] = [index, distance];
  });
  return best;
}
