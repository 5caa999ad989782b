// The matrix of distances in the order of the single-linkage tree, and the tree above it, cut at a value. `classes` has the
// mark of every sample's class, a strip between the two, or is null.

function drawTree(svg, cell, merges, classes) {
  const width = 420, left = 46, right = 408, top = 8, root = 118, strip = classes ? 10 : 4, n = cell.order.length, side = right - left;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${root + strip + side + 4}`);
  const high = merges.length ? merges[merges.length - 1].death : 1;
  const x = (place) => left + (side * place) / n, y = (value) => root - ((root - top) * value) / (1.04 * high || 1);
  const place = new Map(cell.order.map((sample, at) => [sample, at]));

  // Each node of the tree: where it stands, how high, and its first and last leaf. `of` leads from a leaf to its node.
  const of = new Map(cell.order.map((sample, at) => [at, { x: at + 0.5, value: 0, first: at, last: at }]));
  const node = (sample) => of.get(place.get(sample));
  const forks = merges.map((merge) => {
    const parts = [node(merge.u), node(merge.v)].sort((one, other) => one.first - other.first), [a, b] = parts;
    const d = `M${x(a.x).toFixed(1)} ${y(a.value).toFixed(1)}V${y(merge.death).toFixed(1)}H${x(b.x).toFixed(1)}V${y(b.value).toFixed(1)}`;
    const fork = { x: (a.x + b.x) / 2, value: merge.death, first: a.first, last: b.last, parts, d };
    for (let at = fork.first; at <= fork.last; at++) of.set(at, fork);
    return fork;
  });
  for (const tick of ticks(0, high, 3)) add(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, say(tick));
  add(svg, "path", { d: `M${left} ${y(high)}V${root}`, class: "axis" });
  const stripes = new Map();
  if (classes) cell.order.forEach((sample, at) => stripes.set(classes[sample], (stripes.get(classes[sample]) || "") + `M${x(at).toFixed(2)} ${root + 2}H${x(at + 1).toFixed(2)}v6H${x(at).toFixed(2)}Z`));
  for (const [{ color }, d] of stripes) add(svg, "path", { d }).style.fill = color;
  if (cell.heat) {
    const picture = add(svg, "image", { x: left, y: root + strip, width: side, height: side, preserveAspectRatio: "none" });
    picture.setAttribute("href", cell.heat);
    picture.style.imageRendering = "pixelated";
  }
  add(svg, "rect", { x: left, y: root + strip, width: side, height: cell.heat ? side : 0, class: "axis" });
  const lines = add(svg, "g", { fill: "none" }), squares = add(svg, "g", { class: "squares" }), line = add(svg, "path", { class: "cursor" });
  return {
    // `marks` of the components, one a sample; what merges above the value is pale.
    cursor(value, marks) {
      line.setAttribute("d", `M${left} ${y(Math.min(value, 1.04 * high))}H${right}`);
      const drawn = new Map([[null, ""]]);
      for (const fork of forks) {
        const mark = fork.value <= value ? marks[cell.order[fork.first]] : null;
        drawn.set(mark, (drawn.get(mark) || "") + fork.d);
      }
      lines.replaceChildren();
      for (const [mark, d] of drawn) add(lines, "path", { d, "stroke-opacity": mark ? 1 : 0.35 }).style.stroke = mark ? mark.color : "currentColor";
      squares.replaceChildren();
      const below = forks.filter((fork) => fork.value <= value), inner = new Set(below.flatMap((fork) => fork.parts));
      for (const { first, last } of below.filter((fork) => !inner.has(fork))) {
        const from = x(first), long = x(last + 1) - from, { color, text } = marks[cell.order[first]], y0 = root + strip + from - left;
        const square = add(squares, "rect", { x: from, y: y0, width: long, height: cell.heat ? long : 0, fill: "none", "stroke-width": 2 });
        square.style.stroke = color;
        if (cell.heat && text && long > 16) add(squares, "text", { x: from + long / 2, y: y0 + long / 2 + 5, "text-anchor": "middle", class: "name" }, text);
      }
    },
  };
}
