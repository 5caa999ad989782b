// The page: which cell is open, which bar is marked, where the filtration stands; and how mouse and keys change that.

(function () {
  const $ = (id) => document.getElementById(id), read = (id) => JSON.parse($(id).textContent);
  const page = read("page-data"), samples = page.samples;
  const classes = classMarks(page.classes), byLabel = samples.labels && samples.labels.map((label) => classes.get(label));
  const root = document.documentElement;
  root.classList.add("scripted");

  // The cells' data stand behind this script, so that the page answers before they are there: all but those of the cell
  // that is open first.
  const complete = new Promise((done) => (document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", done) : done()));

  let view = null; // the open cell: its data, its bars, and its pictures
  let marked = null, kept = null, playing = null;

  // -- a cell ----------------------------------------------------------------------------------------------------

  function open(button, { move = false, value = null } = {}) {
    stop();
    for (const other of document.querySelectorAll(".cell")) {
      other.setAttribute("aria-pressed", other === button);
      other.tabIndex = other === button ? 0 : -1;
    }
    if (!$(button.id + "-data")) return complete.then(() => open(button, { move, value }));
    const row = Number(button.dataset.row), column = Number(button.dataset.column);
    const cell = read(button.id + "-data"), layout = barsOf(cell, page.lanes), { bars } = layout;
    const merges = mergesOf(cell), plane = page.planes[row];
    const h1 = cell.dimensions[1];
    const loops = cell.loops.map((points, bar) => ({ bar, points, birth: h1.births[bar], death: h1.deaths[bar] }));
    view = { cell, bars, merges, loops, plane: null };
    $("detail-title").textContent = `${isolated(page.rows[row])} · ${isolated(page.metrics[column])}`;
    view.diagram = drawDiagram($("diagram"), cell, bars, page.colors);
    view.barcode = drawBarcode($("barcode"), cell, layout, page.colors);
    view.tree = drawTree($("tree"), cell, merges, byLabel);
    $("barcode").setAttribute("aria-valuemax", Math.max(1, bars.length));
    $("plane-figure").hidden = !plane;
    if (plane) {
      view.plane = drawPlane($("plane"), plane, merges, loops);
      $("plane-caption").textContent = `Principal plane, ${Math.round(100 * plane.share)} % of the variance`;
    }
    listLongest();
    $("facts").replaceChildren(...Object.entries(cell.facts).flatMap(([name, value]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      [dt.textContent, dd.textContent] = [name, value];
      return [dt, dd];
    }));
    kept = bars.filter((one) => one.dimension === 1).reduce(longer, null) || bars.reduce(longer, null);
    show(kept);
    const begin = kept && kept.dimension === 1 ? kept.birth : (cell.frame.low + cell.frame.high) / 2;
    stream = null;
    at(value === null ? begin : value);
    complete.then(() => view.cell === cell && flowThrough(row, column));
    if (!move) return;
    history.replaceState(null, "", "#" + button.id);
    $("detail").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  const longer = (best, one) => (one.death !== null && (!best || one.end - one.birth > best.end - best.birth) ? one : best);

  function listLongest() {
    const rows = [...view.bars].filter((one) => one.own).sort((a, b) => a.dimension - b.dimension || a.bar - b.bar).filter((one) => one.bar < 12);
    $("longest").querySelector("tbody").replaceChildren(...rows.map((one) => {
      const row = document.createElement("tr"), name = document.createElement("td"), button = document.createElement("button");
      button.type = "button";
      button.textContent = `${dimensionName(one.dimension)}, bar ${one.bar}`;
      button.addEventListener("click", () => keep(one));
      name.append(button);
      row.append(name);
      const length = one.death === null ? null : one.death - one.birth;
      for (const value of [say(one.birth), one.kind === "censored" ? "alive at the threshold" : say(one.death), say(length)]) {
        const td = document.createElement("td");
        td.textContent = value;
        row.append(td);
      }
      return row;
    }));
  }

  // -- the layers of one model under the metric of the open cell ------------------------------------------------------

  // They are cut where the filtration of the open cell stands, each in units of its own scale.

  const streams = new Map(); // by model and metric
  let stream = null, flowing = false, flowInSight = true, drawnAt = null;

  function flowThrough(row, column) {
    const name = `${page.models[row]} ${column}`;
    if (!streams.has(name)) {
      const rows = page.rows.map((_, i) => i).filter((i) => page.models[i] === page.models[row] && $(`cell-${i}-${column}-data`));
      const layers = rows.map((i) => {
        const cell = read(`cell-${i}-${column}-data`), merges = mergesOf(cell);
        return { name: page.layers[i], scale: cell.scale, merges, deaths: merges.map((merge) => merge.death / cell.scale).reverse() };
      });
      streams.set(name, { layers, reach: Math.max(0, ...layers.map((layer) => layer.deaths[0] || 0)) });
    }
    const { layers, reach } = streams.get(name);
    $("flow-section").hidden = layers.length < 2 || !reach;
    if ($("flow-section").hidden) return;
    [stream, drawnAt] = [streams.get(name), null];
    $("flow-caption").textContent = (page.models[row] === null ? "" : page.models[row] + " · ") + page.metrics[column];
    flowSoon();
  }

  // At most once a frame, and only where it can be seen.
  function flowSoon() {
    if (flowing || !stream || !flowInSight || drawnAt === view.value) return;
    flowing = true;
    requestAnimationFrame(() => {
      flowing = false;
      if (stream) drawStream();
    });
  }

  function drawStream() {
    drawnAt = view.value;
    const cut = view.value / view.cell.scale;
    const found = stream.layers.map(({ merges, scale }) => numbered(components(samples.n, merges, (merge) => merge.death <= cut * scale * (1 + 1e-6))).number);
    $("cut-text").textContent = `Cut at ${say(cut)} of the scale of each layer.`;
    const markOf = byLabel ? (i) => byLabel[i] : (i, number) => componentMark(number, page.component_colors);
    // A sample alone gets a number of its own, so that it is gathered with the others that are.
    const partitions = found.map((numbers) => numbers.map((number, i) => (number === ALONE ? samples.n + i : number)));
    drawFlow($("flow"), stream.layers, flowOf(partitions), Math.min(cut, stream.reach), stream.reach, markOf, (text, members) => {
      $("flow-text").textContent = text;
      $("flow-inputs").replaceChildren(tiles(samples, members, () => {}));
    });
  }

  new IntersectionObserver(([seen]) => {
    flowInSight = seen.isIntersecting;
    flowSoon();
  }, { rootMargin: "300px" }).observe($("flow-section"));
  addEventListener("beforeprint", () => stream && drawStream());

  // -- a bar -----------------------------------------------------------------------------------------------------

  function show(one) {
    marked = one;
    view.diagram.mark(one);
    view.barcode.mark(one);
    if (view.plane) view.plane.mark(one);
    $("barcode").setAttribute("aria-valuenow", one ? view.bars.indexOf(one) + 1 : 1);
    $("barcode").setAttribute("aria-valuetext", one ? sentence(one) : "no bar");
    describe(one);
  }

  function keep(one) {
    kept = one;
    show(one);
  }

  const point = (i) => view.plane && view.plane.point(i);

  function sentence(one) {
    const end = one.kind === "censored" ? "alive at the threshold" : one.kind === "infinite" ? "never dies" : `dies at ${say(one.death)}`;
    return `${dimensionName(one.dimension)}, bar ${one.bar}: born at ${say(one.birth)}, ${end}`;
  }

  function describe(one) {
    $("bar-title").textContent = one ? sentence(one) : "No bar";
    const parts = [], text = one ? explained(one, parts) : "";
    $("bar-text").textContent = text;
    $("bar-inputs").replaceChildren(...parts.flatMap(([title, indices]) => {
      const heading = document.createElement("p");
      heading.textContent = title;
      return [heading, tiles(samples, indices, point)];
    }));
  }

  // What a bar says in words; `parts` gets the groups of inputs to show with it.
  function explained(one, parts) {
    const [a, b, c, d] = one.edge;
    if (one.dimension === 0) {
      const members = membersOf(one, view.merges, samples.n);
      if (c >= 0) parts.push([`Merges at ${say(one.death)}, when these two are joined:`, [c, d]]);
      parts.push([members.length === 1 ? "The component is this input alone:" : `The component, ${members.length} inputs:`, members]);
      return c >= 0 ? "A component ends by merging into another." : "The component that is left at the end.";
    }
    const loop = one.dimension === 1 && view.loops.find((l) => l.bar === one.bar);
    if (a >= 0) parts.push([`Born at ${say(one.birth)}, when these two are joined:`, [a, b]]);
    if (c >= 0) parts.push([`Filled in at ${say(one.death)}, when these two are joined:`, [c, d]]);
    if (loop) parts.push([`A representative loop, ${loop.points.length} inputs in order (others may go round the same hole):`, loop.points]);
    return one.dimension === 1 ? "A loop of inputs round a hole." : `A class in ${dimensionName(one.dimension)}: a hole bounded in ${one.dimension + 1} dimensions.`;
  }

  // -- the filtration --------------------------------------------------------------------------------------------

  function at(value) {
    const { low, high } = view.cell.frame;
    view.value = value;
    $("value").value = Math.round((1000 * (value - low)) / (high - low));
    view.diagram.cursor(value);
    view.barcode.cursor(value);
    const alive = view.cell.dimensions.map((diagram, dimension) => {
      const many = diagram.births.filter((birth, i) => birth <= value && (diagram.deaths[i] === null || value < diagram.deaths[i])).length;
      const noun = ["component", "loop", "void"][dimension] || dimensionName(dimension) + " class";
      return `${many} ${noun}${many === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
    });
    $("alive").textContent = `at ${say(value)}: ${alive.join(", ")}`;
    $("value").setAttribute("aria-valuetext", $("alive").textContent);
    if (view.plane) view.plane.cursor(value);
    paint();
    flowSoon();
  }

  // What depends on the components at the value: marks and hulls in the plane, the cut through the tree.
  function paint() {
    const { number, groups } = numbered(components(samples.n, view.merges, (m) => m.death <= view.value));
    const marks = groups.map((_, at) => componentMark(at, page.component_colors));
    const byComponent = number.map((at) => (at === ALONE ? NO_MARK : marks[at]));
    view.tree.cursor(view.value, byComponent);
    if (!view.plane) return;
    const labelled = $("coloring").value === "label";
    view.plane.show(labelled ? byLabel : byComponent);
    const outlined = groups.map((members, at) => [labelled ? { color: "currentColor", text: marks[at].text } : marks[at], members]);
    view.plane.hulls($("hulls").checked ? outlined : []);
  }

  function stop() {
    if (playing) cancelAnimationFrame(playing);
    playing = null;
    $("play").textContent = "▶ Play";
  }

  function play() {
    if (playing) return stop();
    const { low, high } = view.cell.frame, begun = performance.now(), from = view.value >= high ? low : view.value;
    $("play").textContent = "❚❚ Pause";
    const step = (now) => {
      const value = from + ((high - low) * (now - begun)) / 8000;
      at(Math.min(value, high));
      if (value < high) playing = requestAnimationFrame(step);
      else stop();
    };
    playing = requestAnimationFrame(step);
  }

  // -- mouse and keys --------------------------------------------------------------------------------------------

  for (const button of document.querySelectorAll(".cell")) button.addEventListener("click", () => open(button, { move: true }));
  document.querySelector(".overview").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const button = event.target.closest(".cell");
    if (!step || !button) return;
    const next = $(`cell-${Number(button.dataset.row) + step[0]}-${Number(button.dataset.column) + step[1]}`);
    if (!next) return;
    event.preventDefault();
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  for (const name of ["diagram", "barcode"]) {
    $(name).addEventListener("mousemove", (event) => {
      const one = view[name].at(event) || kept;
      if (one !== marked) show(one);
    });
    $(name).addEventListener("mouseleave", () => marked !== kept && show(kept));
    $(name).addEventListener("click", (event) => keep(view[name].at(event) || kept));
  }
  $("barcode").addEventListener("keydown", (event) => {
    const now = view.bars.indexOf(marked), last = view.bars.length - 1;
    const next = { ArrowDown: now + 1, ArrowRight: now + 1, ArrowUp: now - 1, ArrowLeft: now - 1, PageDown: now + 10, PageUp: now - 10, Home: 0, End: last, Enter: now }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    keep(view.bars[Math.max(0, Math.min(last, next))]);
  });
  $("plane").addEventListener("mouseover", (event) => {
    const i = view.plane ? view.plane.at(event) : -1;
    if (i < 0) return;
    point(i);
    $("bar-title").textContent = sampleName(samples, i);
    $("bar-text").textContent = "";
    $("bar-inputs").replaceChildren(tiles(samples, [i], point));
  });
  $("plane").addEventListener("mouseout", (event) => {
    if (event.target.classList.contains("point")) {
      point(null);
      describe(marked);
    }
  });
  $("value").addEventListener("input", () => {
    stop();
    const { low, high } = view.cell.frame;
    at(low + ((high - low) * $("value").value) / 1000);
  });
  $("play").addEventListener("click", play);
  for (const name of ["coloring", "hulls"]) $(name).addEventListener("change", paint);
  if (samples.labels) {
    $("coloring").prepend(new Option("labels", "label"));
    $("coloring").value = "label";
  }

  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    themed();
  });
  function themed() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    $("theme").setAttribute("aria-pressed", dark);
  }
  themed();

  for (const box of document.querySelectorAll(".all")) {
    const picture = box.querySelector("img"), readout = box.querySelector(".readout");
    let matrix = null;
    picture.addEventListener("mousemove", (event) => {
      matrix = matrix || read("agreement-data")[box.dataset.matrix];
      const many = matrix.labels.length, sides = picture.getBoundingClientRect();
      const cell = (from, size, value) => Math.max(0, Math.min(many - 1, Math.floor(((value - from) / size) * many)));
      const i = cell(sides.top, sides.height, event.clientY), j = cell(sides.left, sides.width, event.clientX);
      readout.textContent = `${matrix.labels[i]} and ${matrix.labels[j]}: ${say(matrix.values[i * many + j])}`;
    });
  }

  for (const place of document.querySelectorAll(".legend")) place.append(...legend(classes));

  if (!page.first) return void ($("detail").hidden = true);
  const wanted = /^#cell-\d+-\d+$/.test(location.hash) && $(location.hash.slice(1));
  open($(page.first), { value: page.at });
  if (wanted) open(wanted);
  performance.mark("ready");
})();
