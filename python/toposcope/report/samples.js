// The inputs themselves, the components that they form as the filtration grows, and how classes and components look.

const ALONE = -1;

// H0 as merges in the order of the filtration: at `death` the edge (u, v) joins the component of `birth` to an older one.
// Samples at one place share a bar; they are joined at 0, by no bar of their own.
function mergesOf(cell) {
  const h0 = cell.dimensions[0];
  if (!h0) return [];
  const merges = [];
  for (let at = 0; at < cell.same.length; at += 2) merges.push({ bar: -1, birth: cell.same[at], u: cell.same[at], v: cell.same[at + 1], death: 0 });
  h0.deaths.forEach((death, bar) => {
    const [birth, , u, v] = h0.edges.slice(4 * bar, 4 * bar + 4);
    if (death !== null && u >= 0) merges.push({ bar, birth, u, v, death });
  });
  return merges.sort((a, b) => a.death - b.death || b.bar - a.bar);
}

// The component of every sample once the merges for which `until` holds are done: an array of representatives.
function components(n, merges, until) {
  const parent = Array.from({ length: n }, (_, i) => i), size = new Array(n).fill(1);
  const find = (i) => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (const merge of merges) {
    if (!until(merge)) continue;
    let [a, b] = [find(merge.u), find(merge.v)];
    if (a === b) continue;
    if (size[a] < size[b]) [a, b] = [b, a];
    parent[b] = a;
    size[a] += size[b];
  }
  return { of: parent.map((_, i) => find(i)), size };
}

// Components of two points or more are numbered by size, from 0, of equals that with the first point first, as by
// toposcope.plot.components_at; a sample alone has no number. Gives the number of every sample, and the members of each.
function numbered({ of, size }) {
  const members = new Map();
  of.forEach((root, i) => {
    if (size[root] < 2) return;
    if (!members.has(root)) members.set(root, []);
    members.get(root).push(i);
  });
  const groups = [...members.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
  const number = new Array(of.length).fill(ALONE);
  groups.forEach((group, at) => { for (const i of group) number[i] = at; });
  return { number, groups };
}

// The samples of the component that ends with a bar of H0, just before it merges.
function membersOf(one, merges, n) {
  const at = merges.findIndex((merge) => merge.bar === one.bar);
  const before = at < 0 ? merges.length : at;
  const { of } = components(n, merges.slice(0, before), () => true);
  return of.map((_, i) => i).filter((i) => of[i] === of[one.edge[0]]);
}

// Names in a script that runs from right to left are kept from turning round what stands beside them.
function isolated(name) {
  return /[\u0590-\u08ff\ufb1d-\ufefc]/.test(name) ? `\u2068${name}\u2069` : name;
}

function sampleName(samples, i) {
  return `#${isolated(samples.ids[i])}` + (samples.labels ? ` · ${isolated(samples.labels[i])}` : "");
}

function tile(samples, i, onPoint) {
  const item = document.createElement("li"), inputs = samples.inputs;
  item.className = "tile";
  if (inputs && inputs.kind === "image") {
    const picture = document.createElement("i"), zoom = Math.min(6, 52 / Math.max(inputs.width, inputs.height));
    const w = inputs.width * zoom, h = inputs.height * zoom;
    picture.style.cssText = `width:${w}px;height:${h}px;background-size:${w * inputs.columns}px ${h * inputs.rows}px;` +
      `background-position:${-w * (i % inputs.columns)}px ${-h * Math.floor(i / inputs.columns)}px;` +
      `image-rendering:${zoom > 1.5 ? "pixelated" : "auto"}`;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", "input " + sampleName(samples, i));
    item.append(picture);
  } else if (inputs) {
    const text = document.createElement("q");
    text.textContent = inputs.texts[i];
    item.classList.add("text");
    item.append(text);
  }
  const name = document.createElement("span");
  name.textContent = sampleName(samples, i);
  item.append(name);
  item.addEventListener("mouseenter", () => onPoint(i));
  item.addEventListener("mouseleave", () => onPoint(null));
  return item;
}

function tiles(samples, indices, onPoint, most = 30) {
  const list = document.createElement("ul");
  list.className = "tiles";
  for (const i of indices.slice(0, most)) list.append(tile(samples, i, onPoint));
  if (indices.length > most) {
    const more = document.createElement("li");
    more.textContent = `and ${indices.length - most} more`;
    list.append(more);
  }
  return list;
}

// Dark colours are lifted on a dark page.
const lifted = (color) => `color-mix(in srgb, ${color}, white var(--lift))`;

// -- marks: a colour and a shape each, so that they can be told apart without the colours ------------------------------

const SHAPES = [ // round the origin, of about the same area as the first, a disc of radius 1
  "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0 -2 0Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.3L1.2.85H-1.2Z", "M0-1.3L1.1 0L0 1.3L-1.1 0Z", "M0 1.3L1.2-.85H-1.2Z",
  "M-.4-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z", "M0-.55L.6-1.15L1.15-.6L.55 0L1.15 .6L.6 1.15L0 .55L-.6 1.15L-1.15 .6L-.55 0L-1.15-.6L-.6-1.15Z",
  "M0-1.35L.4-.5L1.3-.4L.6.25L.8 1.15L0 .7L-.8 1.15L-.6.25L-1.3-.4L-.4-.5Z", "M0-1.15L1.1-.35L.68.95H-.68L-1.1-.35Z", "M-1.2-.55H1.2V.55H-1.2Z",
];
const NO_MARK = { color: "var(--faint)", shape: SHAPES[0], text: "" };

// The marks of the classes by their names; `classes` are pairs of a name and its colour.
function classMarks(classes) {
  return new Map(classes.map(([name, color], at) => [name, { color: lifted(color), shape: SHAPES[at % SHAPES.length], text: name }]));
}

// The mark of a component by its number: the largest have one each; the others, and samples alone, share the last.
function componentMark(number, colors) {
  return number === ALONE || number >= colors.length ? NO_MARK : { color: lifted(colors[number]), shape: SHAPES[number], text: `C${number}` };
}

function drawMark(parent, mark, x, y, r) {
  const node = add(parent, "path", { transform: `translate(${x} ${y}) scale(${r})`, d: mark.shape });
  node.style.fill = mark.color;
  return node;
}

// A mark and a name for each class, where there are few enough to tell apart.
function legend(marks) {
  return (marks.size > SHAPES.length ? [] : [...marks.values()]).map((mark) => {
    const item = document.createElement("span"), picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", "-1.5 -1.5 3 3");
    picture.setAttribute("aria-hidden", "true");
    drawMark(picture, mark, 0, 0, 1);
    item.append(picture, isolated(mark.text));
    item.title = mark.text;
    return item;
  });
}
