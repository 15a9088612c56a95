/* Series of cells, as the fill handle and "fill series" continue them.

   series(values, count, kind, signs)   the next `count` texts after the texts `values`; where `count` is negative, those before them, the nearest
       first. `signs` are those of numbers, see numbers.js; `kind` is the column's (data-kind):
         integer, decimal   two and more with a steady step go on by it, as exact decimals; one alone is repeated
         date               by the steady number of days; by months or years where the day of the month is the same, or always its last;
                            one alone by a day. Texts are as the server writes them: 2026-01-31
         text               with figures at the end, such as "Shelf 09": by their step, with their zeros; one alone by 1, but one that is
                            all figures, such as a code, is repeated
         others             repeated
       Where there is no steady step, the values are repeated in their order. */

import { PLAIN, canonical, written } from "./numbers.js";

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const NUMBERED = /^(.*?)(\d+)$/s;
const DAY_MS = 86_400_000;

export function series(values, count, kind, signs = PLAIN) {
  if (!values.length || !count) return [];
  const ordered = count < 0 ? [...values].reverse() : values;
  const makers = { integer: numbers, decimal: numbers, date: dates, text: numbered };
  const next = makers[kind]?.(ordered, count < 0 ? -1 : 1, signs) ?? ((n) => ordered[n % ordered.length]);
  return Array.from({ length: Math.abs(count) }, (_, n) => next(n));
}

/* Each of these returns the function for the n-th text behind the values, or null where they are no series. */

function numbers(values, _direction, signs) {
  const parts = values.map((value) => DECIMAL.exec(canonical(value.trim(), signs) ?? ""));
  if (values.length < 2 || !parts.every(Boolean)) return null;
  const places = Math.max(...parts.map(([, , , fraction = ""]) => fraction.length));
  const units = parts.map(([, sign, whole, fraction = ""]) => BigInt(`${sign}${whole}${fraction.padEnd(places, "0")}`));
  const step = steady(units);
  if (step === null) return null;
  return (n) => written(decimal(units.at(-1) + step * BigInt(n + 1), places), signs);
}

function dates(values, direction) {
  const parts = values.map((value) => DATE.exec(value.trim())?.slice(1).map(Number));
  if (!parts.every(Boolean)) return null;
  const months = parts.map(([year, month]) => year * 12 + month - 1);
  const byMonth = steady(months);
  if (byMonth && areSameDays(parts)) {
    const day = Math.max(...parts.map(([, , day]) => day));
    return (n) => dateIn(months.at(-1) + byMonth * (n + 1), day);
  }
  const days = parts.map(([year, month, day]) => Date.UTC(year, month - 1, day) / DAY_MS);
  const byDay = values.length === 1 ? direction : steady(days);
  return byDay === null ? null : (n) => iso(new Date((days.at(-1) + byDay * (n + 1)) * DAY_MS));
}

function numbered(values, direction) {
  const parts = values.map((value) => NUMBERED.exec(value));
  if (!parts.every((part) => part && part[1] === parts[0][1])) return null;
  if (values.length === 1 && !parts[0][1]) return null;
  const figures = parts.map(([, , digits]) => BigInt(digits));
  const step = values.length === 1 ? BigInt(direction) : steady(figures);
  if (step === null) return null;
  const isPadded = parts.some(([, , digits]) => digits.length > 1 && digits.startsWith("0"));
  const width = isPadded ? Math.max(...parts.map(([, , digits]) => digits.length)) : 1;
  return (n) => {
    const figure = figures.at(-1) + step * BigInt(n + 1);
    return `${parts[0][1]}${String(figure < 0n ? -figure : figure).padStart(width, "0")}`;
  };
}

/* The difference between neighbours where it is the same everywhere, else null. */
function steady(amounts) {
  if (amounts.length < 2) return null;
  const step = amounts[1] - amounts[0];
  return amounts.every((amount, at) => !at || amount - amounts[at - 1] === step) ? step : null;
}

function decimal(units, places) {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? "-" : ""}${whole}${places ? `.${digits.slice(-places)}` : ""}`;
}

/* Whether dates are the same day of their months, or the last where a month is shorter. */
function areSameDays(parts) {
  const day = Math.max(...parts.map(([, , day]) => day));
  return parts.every(([year, month, own]) => own === Math.min(day, lastDay(year, month - 1)));
}

const lastDay = (year, month) => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

function dateIn(month, day) {
  const [year, place] = [Math.floor(month / 12), ((month % 12) + 12) % 12];
  return iso(new Date(Date.UTC(year, place, Math.min(day, lastDay(year, place)))));
}

const iso = (date) => date.toISOString().slice(0, 10);
