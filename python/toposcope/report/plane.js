// The samples of a layer in the plane, with the edges at which components merge, hulls round the components with their
// numbers, and the loops that are alive.

function drawPlane(svg, plane, merges, loops) {
  const size = 420, margin = 16, n = plane.x.length;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const extent = (values) => [Math.min(...values), Math.max(...values)];
  const [[left, right], [low, high]] = [extent(plane.x), extent(plane.y)];
  const k = (size - 2 * margin) / Math.max(right - left, high - low, 1e-9); // the same on both axes
  const x = (i) => Number((size / 2 + (plane.x[i] - (left + right) / 2) * k).toFixed(1));
  const y = (i) => Number((size / 2 - (plane.y[i] - (low + high) / 2) * k).toFixed(1));
  const places = plane.x.map((_, i) => [x(i), y(i)]);
  const ring = (points) => points.map((i, at) => `${at ? "L" : "M"}${x(i)} ${y(i)}`).join("") + "Z";

  const hulls = add(svg, "g", { class: "hulls" });
  const edges = add(svg, "path", { class: "merges", stroke: "currentColor", "stroke-opacity": 0.35, fill: "none" });
  const alive = add(svg, "path", { class: "loop", "stroke-opacity": 0.45 });
  const halo = add(svg, "path", { stroke: "var(--card)", "stroke-width": 6, fill: "none", "stroke-linejoin": "round" });
  const chosen = add(svg, "path", { class: "loop chosen", "stroke-width": 2.6, "stroke-linejoin": "round" });
  const dots = places.map(([cx, cy]) => Object.assign(drawMark(svg, NO_MARK, cx, cy, n > 400 ? 2.5 : 3.5), { mark: NO_MARK }));
  for (const dot of dots) dot.setAttribute("class", "point");
  const names = add(svg, "g", { class: "names" });
  const pointed = add(svg, "circle", { r: 0, class: "cursor", "stroke-width": 2.5 });
  const ends = add(svg, "g", {});
  return {
    cursor(value) {
      edges.setAttribute("d", merges.filter((m) => m.death <= value).map((m) => `M${x(m.u)} ${y(m.u)}L${x(m.v)} ${y(m.v)}`).join(""));
      alive.setAttribute("d", loops.filter((l) => l.birth <= value && (l.death === null || value < l.death)).map((l) => ring(l.points)).join(""));
    },
    // `marks` has one a sample; only what changes is drawn again.
    show(marks) {
      dots.forEach((dot, i) => {
        const mark = marks[i];
        if (dot.mark === mark) return;
        dot.style.fill = mark.color;
        dot.setAttribute("d", mark.shape);
        dot.mark = mark;
      });
    },
    // Hulls round the components of three points or more: `groups` are pairs of a mark and points.
    hulls(groups) {
      hulls.replaceChildren();
      names.replaceChildren();
      for (const [{ color, text }, members] of groups) {
        if (members.length < 3) continue;
        const hull = add(hulls, "path", { d: ring(convexHull(places, members)), "fill-opacity": 0.1, "stroke-opacity": 0.8, "stroke-linejoin": "round" });
        [hull.style.fill, hull.style.stroke] = [color, color];
        const middle = (axis) => members.reduce((sum, i) => sum + places[i][axis], 0) / members.length;
        if (text) add(names, "text", { x: middle(0), y: middle(1) + 5, "text-anchor": "middle", class: "name" }, text);
      }
    },
    mark(one) {
      const loop = one && one.dimension === 1 ? loops.find((l) => l.bar === one.bar) : null;
      for (const node of [halo, chosen]) node.setAttribute("d", loop ? ring(loop.points) : "");
      ends.replaceChildren();
      if (!one) return;
      const [a, b, c, e] = one.edge;
      if (one.dimension > 0 && a >= 0) add(ends, "path", { d: `M${x(a)} ${y(a)}L${x(b)} ${y(b)}`, class: "cursor", "stroke-dasharray": "2 3" });
      if (c >= 0) add(ends, "path", { d: `M${x(c)} ${y(c)}L${x(e)} ${y(e)}`, class: "cursor" });
    },
    point(i) {
      pointed.setAttribute("r", i === null ? 0 : 8);
      if (i !== null) { pointed.setAttribute("cx", x(i)); pointed.setAttribute("cy", y(i)); }
    },
    at: (event) => dots.indexOf(event.target),
  };
}

// The members at the corners of their convex hull (Andrew's monotone chain), as toposcope.plot.clusters.convex_hull.
function convexHull(places, members) {
  const order = [...members].sort((a, b) => places[a][0] - places[b][0] || places[a][1] - places[b][1]);
  const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const chain = (points) => {
    const corners = [];
    for (const i of points) {
      while (corners.length > 1 && turn(places[corners.at(-2)], places[corners.at(-1)], places[i]) <= 0) corners.pop();
      corners.push(i);
    }
    return corners.slice(0, -1);
  };
  return [...chain(order), ...chain(order.reverse())];
}
