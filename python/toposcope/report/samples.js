// The inputs themselves, and the components that they form as the filtration grows.

// H0 as merges in the order of the filtration: at `death` the edge (u, v) joins the component of `birth` to an older one.
function mergesOf(cell) {
  const h0 = cell.dimensions[0];
  if (!h0) return [];
  const merges = [];
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
      `background-image:var(--sheet);image-rendering:${zoom > 1.5 ? "pixelated" : "auto"}`;
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

// The colour of every sample by its class; `classes` gives the colour of each.
function colorsByLabel(samples, classes) {
  return samples.labels.map((label) => classes[label]);
}

// A swatch and a name for each class, where there are few enough to tell apart.
function legend(classes) {
  const entries = Object.entries(classes);
  return (entries.length > 10 ? [] : entries).map(([name, color]) => {
    const item = document.createElement("span"), swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = color;
    item.append(swatch, isolated(name));
    item.title = name;
    return item;
  });
}

// The colour of every sample by its component: grey where it is one of its own.
function colorsByComponent({ of, size }) {
  return of.map((root) => (size[root] < 2 ? "#9aa1a9" : `hsl(${((root * 137.5) % 360).toFixed(0)} 62% 48%)`));
}

// The components of two points or more, as [a sample, members].
function groupsOf({ of, size }) {
  const groups = new Map();
  of.forEach((root, i) => {
    if (size[root] < 2) return;
    if (!groups.has(root)) groups.set(root, []);
    groups.get(root).push(i);
  });
  return [...groups];
}
