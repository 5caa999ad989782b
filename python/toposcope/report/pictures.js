"use strict";
// Diagram and barcode of one cell, drawn from its numbers. Each function gives back an object that can show a value of
// the filtration (`cursor`), mark a bar (`mark`), and tell which bar is at a mouse event (`at`).

const SVG = "http://www.w3.org/2000/svg";

function add(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function say(value) {
  return value === null ? "∞" : String(Number(value.toPrecision(4)));
}

function dimensionName(dimension) {
  return "H" + String(dimension).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
}

const SLIM = 30, CROWDED = 90; // as in toposcope/plot/geometry.py, whose barcode_bands this is

// All bars of a cell in the order of the barcode: H0 first; the longest in lanes of their own, then the rest in a block.
function barsOf(cell, lanes) {
  const bars = [], bands = [];
  let top = 0;
  cell.dimensions.forEach((diagram, dimension) => {
    const censored = new Set(diagram.censored);
    const all = diagram.births.map((birth, bar) => {
      const death = diagram.deaths[bar];
      const kind = death !== null ? "finite" : censored.has(bar) ? "censored" : "infinite";
      const end = death !== null ? death : kind === "censored" ? cell.frame.threshold : cell.frame.infinity;
      return { dimension, bar, birth, death, kind, end, edge: diagram.edges.slice(4 * bar, 4 * bar + 4) };
    });
    const order = (a, b) => a.birth - b.birth || a.end - b.end;
    bands.push({ dimension, many: all.length, top });
    const own = all.slice(0, lanes).sort(order), rest = all.slice(lanes).sort(order);
    const lane = Math.min(2, Math.max(1, 8 / Math.max(1, own.length)));
    own.forEach((one, i) => Object.assign(one, { top: top + lane * i, height: lane, own: true }));
    const start = top + lane * own.length + 0.5, block = rest.length ? lanes / 4 : 0, thin = block / Math.max(1, rest.length);
    rest.forEach((one, i) => Object.assign(one, { top: start + thin * i, height: thin, own: false }));
    bars.push(...own, ...rest);
    top += Math.max(lane * own.length + (rest.length ? 0.5 + block : 0), 3) + 2;
  });
  const height = Math.max(top - 2, 1);
  if (height <= CROWDED) {
    for (const one of bars.filter((bar) => bar.own)) {
      const ink = Math.min(0.8 * one.height, height / SLIM);
      Object.assign(one, { top: one.top + (one.height - ink) / 2, height: ink });
    }
  }
  bands.forEach((band, i) => Object.assign(band, { end: i + 1 < bands.length ? bands[i + 1].top - 2 : height }));
  return { bars, bands, height };
}

function ticks(low, high, count = 5) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

function axisX(svg, frame, x, bottom) {
  add(svg, "path", { d: `M${x(frame.bottom)} ${bottom}H${x(frame.top)}`, class: "axis" });
  for (const tick of ticks(frame.low, frame.high)) {
    add(svg, "path", { d: `M${x(tick)} ${bottom}v4`, class: "axis" });
    add(svg, "text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, say(tick));
  }
}

function drawDiagram(svg, cell, bars, colors) {
  const size = 420, left = 40, bottom = 385, right = 400, top = 25, f = cell.frame;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const k = (right - left) / (f.top - f.bottom);
  const x = (value) => left + (value - f.bottom) * k, y = (value) => bottom - (value - f.bottom) * k;
  add(svg, "path", { d: `M${left} ${bottom}H${right}V${top}Z`, fill: "currentColor", "fill-opacity": 0.06 });
  add(svg, "path", { d: `M${left} ${bottom}L${right} ${top}M${left} ${bottom}V${top}`, class: "axis" });
  axisX(svg, f, x, bottom);
  for (const tick of ticks(f.low, f.high)) add(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, say(tick));
  add(svg, "text", { x: (left + right) / 2, y: bottom + 32, "text-anchor": "middle" }, "birth");
  add(svg, "text", { x: 0, y: 14 }, "death");
  for (const [value, text] of [[f.infinity, "∞"], [f.threshold, "thr."]]) {
    if (value === null) continue;
    add(svg, "path", { d: `M${left} ${y(value)}H${right}`, class: "axis", "stroke-dasharray": "5 4" });
    add(svg, "text", { x: right + 3, y: y(value) + 4 }, text);
  }
  if (!bars.length) add(svg, "text", { x: x((f.low + f.high) / 3), y: y((2 * (f.low + f.high)) / 3), "text-anchor": "middle" }, "no bars");
  const r = bars.length > 300 ? 2.2 : 3.4;
  colors.forEach((color, dimension) => {
    let solid = "";
    for (const one of bars) {
      if (one.dimension !== dimension) continue;
      if (one.kind === "censored") add(svg, "circle", { cx: x(one.birth), cy: y(one.end), r, stroke: color, fill: "none" });
      else solid += `M${x(one.birth).toFixed(1)} ${y(one.end).toFixed(1)}h0`;
    }
    if (solid) add(svg, "path", { d: solid, stroke: color, "stroke-width": 2 * r, "stroke-linecap": "round", "stroke-opacity": 0.8, fill: "none" });
  });
  const line = add(svg, "path", { class: "cursor" }), ring = add(svg, "circle", { r: 0, class: "cursor", "stroke-width": 2 });
  return {
    // Alive at a value are the points left of it and above it.
    cursor: (value) => line.setAttribute("d", `M${x(f.bottom)} ${y(value)}H${x(value)}V${top}`),
    mark(one) {
      ring.setAttribute("r", one ? 7 : 0);
      if (one) { ring.setAttribute("cx", x(one.birth)); ring.setAttribute("cy", y(one.end)); }
    },
    at(event) {
      const [px, py] = place(svg, event);
      let best = null, least = 14 ** 2;
      for (const one of bars) {
        const far = (x(one.birth) - px) ** 2 + (y(one.end) - py) ** 2;
        if (far < least) [best, least] = [one, far];
      }
      return best;
    },
  };
}

function drawBarcode(svg, cell, { bars, bands, height }, colors) {
  const size = 420, left = 46, right = 408, top = 25, bottom = 385, f = cell.frame;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const k = (right - left) / (f.top - f.bottom), d = (bottom - top - 8) / height;
  const x = (value) => left + (value - f.bottom) * k, y = (value) => top + value * d;
  for (const [value, text, anchor] of [[f.infinity, "∞", "middle"], [f.threshold, "threshold", f.infinity === null ? "middle" : "end"]]) {
    if (value === null) continue;
    add(svg, "path", { d: `M${x(value)} ${top}V${bottom}`, class: "axis", "stroke-dasharray": "5 4" });
    add(svg, "text", { x: x(value), y: top - 5, "text-anchor": anchor }, text);
  }
  axisX(svg, f, x, bottom);
  add(svg, "text", { x: (left + right) / 2, y: bottom + 32, "text-anchor": "middle" }, "distance");
  cell.dimensions.forEach((diagram, dimension) => {
    const color = colors[Math.min(dimension, colors.length - 1)], mine = bars.filter((one) => one.dimension === dimension);
    const box = (one) => `M${x(one.birth).toFixed(1)} ${y(one.top).toFixed(2)}h${Math.max(0.6, x(one.end) - x(one.birth)).toFixed(1)}v${(one.height * d).toFixed(2)}H${x(one.birth).toFixed(1)}z`;
    add(svg, "path", { d: mine.filter((one) => one.own).map(box).join(""), fill: color });
    add(svg, "path", { d: mine.filter((one) => !one.own).map(box).join(""), fill: color, "fill-opacity": 0.55 });
    for (const one of mine) {
      const middle = y(one.top + one.height / 2);
      if (one.kind === "infinite") add(svg, "path", { d: `M${x(one.end)} ${middle - 4}l7 4l-7 4z`, fill: color });
      if (one.kind === "censored" && one.own) add(svg, "circle", { cx: x(one.end), cy: middle, r: 3, stroke: color, fill: "var(--card)" });
    }
    const { top: start, end, many } = bands[dimension], middle = y((start + end) / 2);
    const label = add(svg, "text", { x: left - 12, y: middle, "text-anchor": "end", class: "dimension" }, dimensionName(dimension));
    label.style.setProperty("--tint", color);
    add(svg, "text", { x: left - 12, y: middle + 14, "text-anchor": "end" }, many || "none");
  });
  const line = add(svg, "path", { class: "cursor" }), frame = add(svg, "rect", { class: "cursor", "stroke-width": 2, width: 0, height: 0 });
  return {
    cursor: (value) => line.setAttribute("d", `M${x(value)} ${top}V${bottom}`),
    mark(one) {
      const box = one ? { x: x(one.birth) - 2, y: y(one.top) - 2, width: Math.max(1, x(one.end) - x(one.birth)) + 4, height: one.height * d + 4 } : { width: 0, height: 0 };
      frame.style.display = one ? "" : "none";
      for (const key in box) frame.setAttribute(key, box[key]);
    },
    at(event) {
      const value = (place(svg, event)[1] - top) / d;
      let best = null, least = 1.2;
      for (const one of bars) {
        const far = Math.max(one.top - value, value - one.top - one.height, 0);
        if (far < least) [best, least] = [one, far];
      }
      return best;
    },
  };
}

function place(svg, event) {
  const to = svg.getScreenCTM().inverse();
  return [to.a * event.clientX + to.e, to.d * event.clientY + to.f];
}
