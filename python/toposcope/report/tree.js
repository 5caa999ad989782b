// The matrix of distances in the order of the single-linkage tree, and the tree above it, cut at a value. `classes` are the
// colours of the samples by their labels, a strip between the two, or null.

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
    const fork = { x: (a.x + b.x) / 2, value: merge.death, first: a.first, last: b.last, parts, line: add(svg, "path", { d, fill: "none", class: "fork" }) };
    for (let at = fork.first; at <= fork.last; at++) of.set(at, fork);
    return fork;
  });
  for (const tick of ticks(0, high, 3)) add(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, say(tick));
  add(svg, "path", { d: `M${left} ${y(high)}V${root}`, class: "axis" });
  if (classes) cell.order.forEach((sample, at) => add(svg, "rect", { x: x(at), y: root + 2, width: x(at + 1) - x(at), height: 6, fill: classes[sample] }));
  if (cell.heat) {
    const picture = add(svg, "image", { x: left, y: root + strip, width: side, height: side, preserveAspectRatio: "none" });
    picture.setAttribute("href", cell.heat);
    picture.style.imageRendering = "pixelated";
  }
  add(svg, "rect", { x: left, y: root + strip, width: side, height: cell.heat ? side : 0, class: "axis" });
  const squares = add(svg, "g", { class: "squares" }), line = add(svg, "path", { class: "cursor" });
  return {
    // `colors` of the components by sample; what merges above the value is grey.
    cursor(value, colors) {
      line.setAttribute("d", `M${left} ${y(Math.min(value, 1.04 * high))}H${right}`);
      squares.replaceChildren();
      forks.forEach(({ line: fork, value: merged, first }) => {
        fork.setAttribute("stroke", merged <= value ? colors[cell.order[first]] : "currentColor");
        fork.setAttribute("stroke-opacity", merged <= value ? 1 : 0.35);
      });
      const below = forks.filter((fork) => fork.value <= value), inner = new Set(below.flatMap((fork) => fork.parts));
      for (const { first, last } of below.filter((fork) => !inner.has(fork))) {
        const from = x(first), long = x(last + 1) - from, stroke = colors[cell.order[first]];
        add(squares, "rect", { x: from, y: root + strip + from - left, width: long, height: cell.heat ? long : 0, fill: "none", stroke, "stroke-width": 2 });
      }
    },
  };
}
