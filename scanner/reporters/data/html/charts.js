"use strict";
// Draws with elements and attributes only: no markup is ever made of strings.
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400;
const SEVERITIES = ["critical", "high", "medium", "low"];

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function dateOf(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "an unknown date" : date.toISOString().slice(0, 10);
}

function plural(count, word) {
  return count.toLocaleString("en") + " " + word + (count === 1 ? "" : "s");
}

// The times in which a secret could be read at its newest version: pairs of seconds.
function spans(finding, now) {
  const found = [];
  let since = null;
  for (const event of finding.events) {
    if (event.at === null) continue;
    if (event.kind === "introduced" || event.kind === "reintroduced") since = since === null ? event.at : since;
    if (event.kind === "removed" && since !== null) {
      found.push([since, Math.max(since, event.at)]);
      since = null;
    }
  }
  if (since !== null) found.push([since, Math.max(since, now)]);
  // A removal on one branch ends nothing while another branch, or HEAD, still has the secret.
  const isThere = finding.state === "in HEAD" || finding.state === "on other refs";
  if (isThere && found.length) found[found.length - 1][1] = Math.max(found[found.length - 1][1], now);
  return found;
}

function timelineWords(finding, now) {
  const told = spans(finding, now).map(([from, to]) => "open from " + dateOf(from) + " to " + (to >= now ? "today" : dateOf(to)));
  return told.join(", ") || "no dates are known";
}

function timeline(finding, range, size) {
  const [from, to] = range;
  const pad = 6;
  const x = (at) => pad + ((at - from) / Math.max(1, to - from)) * (size.width - 2 * pad);
  const y = size.height / 2;
  const svg = draw("svg", { viewBox: "0 0 " + size.width + " " + size.height, width: size.width, height: size.height, role: "img", "aria-label": timelineWords(finding, to) });
  const dated = finding.events.filter((event) => event.at !== null && event.at >= from && event.at <= to);
  if (dated.length) svg.append(draw("line", { class: "line-kept", x1: x(dated[0].at), x2: x(to), y1: y, y2: y }));
  for (const [start, end] of spans(finding, to)) {
    svg.append(draw("line", { class: "line-out", x1: x(start), x2: Math.max(x(start) + 0.1, x(Math.min(end, to))), y1: y, y2: y }));
  }
  for (const event of dated) {
    const kind = event.kind === "removed" ? " dot-removed" : event.kind === "moved" ? " dot-moved" : "";
    const dot = draw("circle", { class: "dot" + kind, cx: x(event.at), cy: y, r: size.dot });
    dot.append(draw("title", {}, event.kind + " " + dateOf(event.at)));
    svg.append(dot);
  }
  return svg;
}

function detailTimeline(finding, range) {
  const svg = timeline(finding, range, { width: 520, height: 34, dot: 5 });
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  const ends = make("p", { class: "ends" }, make("span", {}, dateOf(range[0])), make("span", {}, dateOf(range[1])));
  return make("div", { class: "timeline" }, svg, ends);
}

// Buckets of equal calendar length: months, quarters or years, whichever gives at most fifty.
function buckets(times) {
  const first = new Date(Math.min(...times) * 1000);
  const last = new Date(Math.max(...times) * 1000);
  const months = (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth() + 1;
  const step = [1, 3, 6, 12, 24, 60, 120].find((one) => months / one <= 50) || 1200;
  const start = first.getUTCFullYear() * 12 + Math.floor(first.getUTCMonth() / step) * step;
  const number = (at) => {
    const date = new Date(at * 1000);
    return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth() - start) / step);
  };
  const label = (index) => {
    const month = start + index * step;
    const year = String(Math.floor(month / 12));
    return step >= 12 ? year : year + "-" + String((month % 12) + 1).padStart(2, "0");
  };
  return { number, label, count: number(last.getTime() / 1000) + 1 };
}

function entryChart(figure, findings) {
  const dated = findings.filter((finding) => finding.since !== null);
  if (!dated.length) return false;
  let first = Infinity, last = -Infinity;
  for (const finding of dated) { first = Math.min(first, finding.since); last = Math.max(last, finding.since); }
  const scale = buckets([first, last]);
  const bars = Array.from({ length: scale.count }, () => [0, 0, 0, 0]);
  for (const finding of dated) bars[scale.number(finding.since)][SEVERITIES.indexOf(finding.severity)] += 1;
  const totals = bars.map((bar) => bar.reduce((sum, one) => sum + one, 0));
  figure.replaceChildren(barChart(bars, totals, scale), legend(bars));
  return true;
}

function barChart(bars, totals, scale) {
  const width = 1100, height = 170, left = 36, base = 142, top = 12;
  const highest = Math.max(...totals);
  const slot = (width - left) / bars.length;
  const bar = Math.max(2, Math.min(40, slot * 0.72));
  const peak = scale.label(totals.indexOf(highest));
  const svg = draw("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": "Bars of how many secrets entered when; the most, " + highest + ", in " + peak });
  for (const value of [0, highest]) {
    const y = base - (value / highest) * (base - top);
    svg.append(draw("line", { class: "axis", x1: left, x2: width, y1: y, y2: y }), draw("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, String(value)));
  }
  bars.forEach((counts, index) => {
    let y = base;
    const x = left + index * slot + (slot - bar) / 2;
    const group = draw("g", {}, draw("title", {}, scale.label(index) + ": " + totals[index]));
    counts.forEach((count, severity) => {
      const tall = (count / highest) * (base - top);
      y -= tall;
      if (count) group.append(draw("rect", { class: "fill-" + SEVERITIES[severity], x, y, width: bar, height: Math.max(1, tall) }));
    });
    svg.append(group);
  });
  const every = Math.max(1, Math.ceil(bars.length / 10));
  for (let index = 0; index < bars.length; index += every) {
    svg.append(draw("text", { x: left + index * slot + slot / 2, y: height - 10, "text-anchor": "middle" }, scale.label(index)));
  }
  return svg;
}

function legend(bars) {
  const used = SEVERITIES.filter((_, index) => bars.some((bar) => bar[index]));
  return make("ul", { class: "legend" }, ...used.map((name) => make("li", { class: name }, make("span", {}, name))));
}
