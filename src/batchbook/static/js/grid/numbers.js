/* Numbers as the person writes them, and as programs do: with a point and without groups.

   signsOf(grid)            {decimal, group} of a <row-grid>, by its data-decimal-sign and data-group-sign
   canonical(text, signs)   the number of programs for a text for editing; null where it is no plain number
   written(text, signs)     a number of programs as a text for editing
   grouped(text, signs)     the same with groups, for reading */

export const PLAIN = { decimal: ".", group: "," };

const NUMBER = /^-?\d+(?:\.\d+)?$/;

export function signsOf({ dataset }) {
  return { decimal: dataset.decimalSign ?? PLAIN.decimal, group: dataset.groupSign ?? PLAIN.group };
}

export function canonical(text, { decimal }) {
  const [whole, ...behind] = text.split(decimal);
  if (behind.length > 1 || (decimal !== "." && text.includes("."))) return null;
  const number = behind.length ? `${whole}.${behind[0]}` : whole;
  return NUMBER.test(number) ? number : null;
}

export function written(text, { decimal }) {
  return text.replace(".", decimal);
}

export function grouped(text, signs) {
  const [whole, behind] = text.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, signs.group);
  return behind === undefined ? groups : groups + signs.decimal + behind;
}
