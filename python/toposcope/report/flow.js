// How components flow from layer to layer: the same layout as toposcope.plot.clusters.flow.

const OTHERS = -1;

// The blocks of every stage, from the bottom up, and the ribbons between stages; `partitions` hold a number a sample.
function flowOf(partitions, least = 2, gap = 0.02) {
  const n = partitions[0].length, stages = [];
  let height = new Array(n).fill(0);
  partitions.forEach((partition, at) => {
    const counts = new Map();
    for (const number of partition) counts.set(number, (counts.get(number) || 0) + 1);
    const groups = new Map();
    partition.forEach((number, i) => {
      const shown = counts.get(number) < least ? OTHERS : number;
      if (!groups.has(shown)) groups.set(shown, []);
      groups.get(shown).push(i);
    });
    const standing = ([number, members]) => (number === OTHERS ? -Infinity : at ? members.reduce((sum, i) => sum + height[i], 0) / members.length : -members.length);
    let level = 0;
    const blocks = [...groups].map((group) => [standing(group), group]).sort((a, b) => a[0] - b[0]).map(([, [number, members]]) => {
      members.sort((a, b) => height[a] - height[b] || a - b);
      const block = { number, members, bottom: level, top: level + members.length };
      level = block.top + gap * n;
      return block;
    });
    height = height.slice();
    for (const block of blocks) block.members.forEach((i, place) => { height[i] = block.bottom + 0.5 + place; });
    stages.push(blocks);
  });
  const ribbons = [];
  for (let at = 0; at + 1 < stages.length; at++) {
    const left = stages[at].map((block) => block.bottom), right = stages[at + 1].map((block) => block.bottom);
    const home = new Array(n);
    stages[at + 1].forEach((block, j) => block.members.forEach((i) => { home[i] = j; }));
    stages[at].forEach((block, i) => {
      const going = new Map();
      for (const sample of block.members) going.set(home[sample], [...(going.get(home[sample]) || []), sample]);
      for (const j of [...going.keys()].sort((a, b) => a - b)) {
        const members = going.get(j);
        ribbons.push({ stage: at, number: block.number, members, start: left[i], end: right[j] });
        left[i] += members.length;
        right[j] += members.length;
      }
    });
  }
  return { stages, ribbons };
}

// `layers` have a name and `deaths`, those of their components in units of their scale, longest first; the small barcodes
// below show where they are cut. `markOf` gives the mark of a sample in a block of a number: that of its class, or of the
// component. `onBlock` is told which samples are in a block that is pointed at or in focus.
function drawFlow(svg, layers, { stages, ribbons }, cut, reach, markOf, onBlock) {
  const width = 1180, left = 50, right = 1120, bottom = 290, top = 8, half = 7, code = 40;
  const apart = (right - left) / Math.max(1, layers.length - 1), wide = Math.min(96, 0.72 * apart);
  const turned = Math.max(...layers.map((layer) => Math.min(22, layer.name.length))) * 6.5 > apart;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + code + (turned ? 90 : 44)}`);
  const whole = Math.max(...stages.map((blocks) => blocks[blocks.length - 1].top));
  const x = (stage) => left + stage * apart, y = (level) => bottom - (level * (bottom - top)) / whole;
  const counted = (members, number) => {
    const counts = new Map();
    for (const i of members) counts.set(markOf(i, number), (counts.get(markOf(i, number)) || 0) + 1);
    return [...counts];
  };
  const most = (counts) => counts.reduce((best, one) => (one[1] > best[1] ? one : best));
  for (const { stage, number, members, start, end } of ribbons) {
    const [x0, x1] = [x(stage) + half, x(stage + 1) - half], m = (x0 + x1) / 2, many = members.length;
    const ribbon = add(svg, "path", {
      d: `M${x0} ${y(start)}C${m} ${y(start)} ${m} ${y(end)} ${x1} ${y(end)}V${y(end + many)}C${m} ${y(end + many)} ${m} ${y(start + many)} ${x0} ${y(start + many)}Z`,
      "fill-opacity": number === OTHERS ? 0.06 : 0.4,
    });
    ribbon.style.fill = number === OTHERS ? "currentColor" : most(counted(members, number))[0].color;
  }
  const blocksDrawn = []; // one of them is reached with Tab, the others from it with the arrow keys
  stages.forEach((blocks, stage) => {
    const { name, deaths } = layers[stage];
    for (const { number, members, bottom: low, top: upper } of blocks) {
      const group = add(svg, "g", { class: "block", tabindex: blocksDrawn.length ? -1 : 0, role: "img" });
      const size = members.length, said = number === OTHERS ? `${size} inputs in components of one` : `a component of ${size} inputs`;
      group.setAttribute("aria-label", `${name}: ${said}`);
      let level = low;
      const parts = number === OTHERS ? [[{ color: "currentColor", text: "" }, size]] : counted(members, number);
      for (const [{ color }, count] of parts) {
        const part = add(group, "rect", { x: x(stage) - half, y: y(level + count), width: 2 * half, height: y(level) - y(level + count), "fill-opacity": number === OTHERS ? 0.12 : 1 });
        part.style.fill = color;
        level += count;
      }
      add(group, "rect", { x: x(stage) - half, y: y(upper), width: 2 * half, height: y(low) - y(upper), fill: "none", stroke: "currentColor", "stroke-opacity": 0.5 });
      const [{ text }, share] = most(parts);
      if (text && 2 * share > size && y(low) - y(upper) > 12) {
        add(group, "text", { x: x(stage) + half + 3, y: (y(low) + y(upper)) / 2 + 4, class: "name", "aria-hidden": "true" }, text.length > 7 ? text.slice(0, 6) + "…" : text);
      }
      for (const event of ["mouseenter", "focus"]) group.addEventListener(event, () => onBlock(`${name}: ${said}`, members));
      const at = blocksDrawn.push(group) - 1;
      group.addEventListener("keydown", (event) => {
        const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key], next = blocksDrawn[at + step];
        if (!next) return;
        event.preventDefault();
        next.focus();
      });
    }
    const from = x(stage) - wide / 2, base = bottom + 14, step = code / Math.max(1, deaths.length), across = (value) => (wide * value) / reach;
    const outline = deaths.map((death) => `H${(from + across(death)).toFixed(1)}v${step.toFixed(2)}`).join("");
    add(svg, "path", { d: `M${from.toFixed(1)} ${base}${outline}H${from.toFixed(1)}Z`, class: "h0" });
    add(svg, "path", { d: `M${(from + across(cut)).toFixed(1)} ${base - 4}v${code + 8}`, class: "cursor" });
    const under = base + code + 18;
    add(svg, "text", turned ? { transform: `translate(${x(stage) - 6} ${under}) rotate(28)` } : { x: x(stage), y: under, "text-anchor": "middle" }, name.length > 22 ? name.slice(0, 21) + "…" : name);
  });
}
