// Places the visible boxes of a picture. A group is a scope: it has children (nodes and groups), a
// list of edges between its children, and, once it is laid out, a width and a height. Each open group
// is laid out by itself, so opening a scope costs what is in it and in the scopes around it.
"use strict";

const gap = {node: 14, layer: 28, pad: 14, title: 26, part: 60};
const mostPoints = 20000;  // of the bends of long edges in one group

/// Builds the tree of groups from a picture. Group 0 is the page.
function buildTree(picture) {
  const page = {id: -1, group: true, children: [], edges: [], open: true, depth: 0, title: ""};
  const groups = picture.clusters.map((cluster, id) => ({
    id, group: true, cluster, title: cluster.title + times(cluster), children: [], edges: [],
    open: true, count: 0, part: cluster.part, order: cluster.order || 0}));
  const parentOf = (id) => (id === undefined ? page : groups[id]);
  for (const group of groups) group.parent = parentOf(group.cluster.parent);
  const nodes = picture.nodes.map((node, id) => ({
    id, node, parent: parentOf(node.cluster), title: node.title || node.name, part: node.part,
    ins: [], outs: [], gradients: []}));
  for (const item of [...groups, ...nodes]) item.parent.children.push(item);
  for (const group of groups) group.depth = group.parent.depth + 1;
  for (const item of nodes) {
    item.depth = item.parent.depth + 1;
    for (let g = item.parent; g !== page; g = g.parent) g.count++;
    if (item.node.forward !== undefined) nodes[item.node.forward].gradients.push(item);
  }
  const edges = picture.edges.map((edge) => ({...edge, a: nodes[edge.from], b: nodes[edge.to]}));
  const known = new Map();
  for (const edge of edges) {
    if (edge.kind !== "tie") {
      edge.a.outs.push(edge);
      edge.b.ins.push(edge);
    }
    let a = edge.a, b = edge.b;
    while (a.depth > b.depth) a = a.parent;
    while (b.depth > a.depth) b = b.parent;
    while (a.parent !== b.parent) [a, b] = [a.parent, b.parent];
    if (a === b || edge.kind === "tie" || edge.kind === "update") continue;
    if (!known.has(a)) known.set(a, new Set());
    if (known.get(a).has(b)) continue;
    known.get(a).add(b);
    a.parent.edges.push([a, b]);
  }
  return {page, groups, nodes, edges};
}

function times(thing) { return thing.repeats > 1 ? " × " + thing.repeats : ""; }

/// Whether a group is drawn upwards: the gradient runs against the forward computation.
function runsUp(group) { return group.part === "gradient" && group.order === 1; }

/// Sizes an item, and places the children of open groups relative to it.
function layOut(item, measure, sideways) {
  if (!item.group || !item.open) return measure(item);
  for (const child of item.children) layOut(child, measure, sideways);
  if (item.children.length === 0) return measure(item);
  const parts = item.id < 0 && item.children.every((child) => child.group);
  const size = parts ? besideEachOther(item.children) : inLayers(item, sideways);
  const top = item.id < 0 ? 0 : gap.title, pad = item.id < 0 ? 0 : gap.pad;
  for (const child of item.children) {
    child.x += pad;
    child.y += pad + top;
  }
  measure(item);
  item.w = Math.max(size.w + 2 * pad, item.w);
  item.h = size.h + 2 * pad + top;
}

function besideEachOther(items) {
  let x = 0;
  const h = largest(items.map((item) => item.h));
  for (const item of items) {
    item.x = x;
    item.y = item.open ? h - item.h : 0;
    x += item.w + gap.part;
  }
  return {w: x - gap.part, h};
}

function inLayers(group, sideways) {
  const points = group.children.map((item, at) => ({
    item, at, before: [], after: [], layer: 0,
    breadth: sideways ? item.h : item.w, length: sideways ? item.w : item.h}));
  const pointOf = new Map(points.map((point) => [point.item, point]));
  for (const [a, b] of group.edges) {
    const from = pointOf.get(a), to = pointOf.get(b);
    from.after.push(to);
    to.before.push(from);
  }
  const apart = points.filter((point) => point.before.length + point.after.length === 0);
  const joined = apart.length > 8 ? points.filter((point) => point.before.length + point.after.length > 0) : points;
  assignLayers(joined);
  const layers = bendLongEdges(joined);
  order(layers);
  const breadth = layers.length ? placeAcross(layers) : 0;
  let y = 0;
  for (const layer of layers) {
    const length = largest([0, ...layer.map((point) => point.length)]);
    for (const point of layer) point.y = y + (length - point.length) / 2;
    y += length + gap.layer;
  }
  let breadthOfAll = breadth;
  if (joined !== points) {
    const grid = placeInGrid(apart, y);
    breadthOfAll = Math.max(breadth, grid.breadth);
    y = grid.end + gap.layer;
  }
  const length = Math.max(y - gap.layer, 0), up = runsUp(group);
  for (const {item, x, y, length: l} of points) {
    const along = up ? length - y - l : y;
    [item.x, item.y] = sideways ? [along, x] : [x, along];
  }
  return sideways ? {w: length, h: breadthOfAll} : {w: breadthOfAll, h: length};
}

/// Points without edges fill rows, so that they do not make one long layer.
function placeInGrid(points, start) {
  const area = points.reduce((sum, p) => sum + (p.breadth + gap.node) * (p.length + gap.node), 0);
  const most = Math.sqrt(area) * 1.2;
  let x = 0, y = start, row = 0, breadth = 0;
  for (const point of points) {
    if (x > 0 && x + point.breadth > most) {
      x = 0;
      y += row + gap.node;
      row = 0;
    }
    [point.x, point.y] = [x, y];
    x += point.breadth + gap.node;
    row = Math.max(row, point.length);
    breadth = Math.max(breadth, x - gap.node);
  }
  return {breadth, end: y + row};
}

/// The layer of a point is one more than the largest of those before it. Edges that close a cycle,
/// which closed scopes can make, are turned round.
function assignLayers(points) {
  for (const point of points) point.waits = point.before.length;
  const ready = points.filter((point) => point.waits === 0);
  const left = new Set(points);
  for (let next = 0; left.size > 0; next++) {
    if (next === ready.length) {  // a cycle: its oldest point goes first
      const first = left.values().next().value;
      for (const before of first.before.filter((p) => left.has(p))) {
        before.after.splice(before.after.indexOf(first), 1);
        first.before.splice(first.before.indexOf(before), 1);
      }
      ready.push(first);
    }
    const point = ready[next];
    left.delete(point);
    for (const before of point.before) point.layer = Math.max(point.layer, before.layer + 1);
    for (const after of point.after) if (--after.waits === 0 && left.has(after)) ready.push(after);
  }
  for (const point of points)  // beside what uses it
    if (point.before.length === 0 && point.after.length > 0)
      point.layer = -largest(point.after.map((after) => -after.layer)) - 1;
}

/// Gives edges over several layers a point in each, and returns the layers.
function bendLongEdges(points) {
  const layers = [];
  const put = (point) => (layers[point.layer] ||= []).push(point);
  points.forEach(put);
  for (let i = 0; i < layers.length; i++) layers[i] ||= [];
  const spans = points.flatMap((a) => a.after.map((b) => b.layer - a.layer - 1));
  if (spans.reduce((sum, n) => sum + n, 0) > mostPoints) return layers;
  for (const a of points)
    a.after = a.after.map((b) => {
      let from = a, first = b;
      for (let layer = a.layer + 1; layer < b.layer; layer++) {
        const bend = {before: [from], after: [], layer, breadth: 2, length: 0, at: a.at};
        if (from === a) first = bend;
        else from.after.push(bend);
        put(bend);
        from = bend;
      }
      if (from !== a) {
        from.after.push(b);
        b.before[b.before.indexOf(a)] = from;
      }
      return first;
    });
  return layers;
}

const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);
const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

/// Sorts each layer by the mean position of its neighbours, downwards and upwards in turns.
function order(layers) {
  layers.forEach((layer) => layer.forEach((point, i) => { point.rank = i; }));
  for (let sweep = 0; sweep < 6; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const point of layer) {
        const near = down ? point.before : point.after;
        point.key = near.length ? mean(near.map((p) => p.rank)) : point.rank;
      }
      layer.sort((a, b) => a.key - b.key || a.rank - b.rank);
      layer.forEach((point, i) => { point.rank = i; });
    }
  }
}

/// Moves points towards their neighbours without changing their order; returns the breadth.
function placeAcross(layers) {
  for (const layer of layers) {
    let x = 0;
    for (const point of layer) {
      point.x = x;
      x += point.breadth + gap.node;
    }
  }
  const middle = (point) => point.x + point.breadth / 2;
  for (let sweep = 0; sweep < 6; sweep++)
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wish = layer.map((point) => {
        const near = sweep % 2 === 0 ? point.before : point.after;
        return near.length ? mean(near.map(middle)) - point.breadth / 2 : point.x;
      });
      const right = [], left = [];
      layer.forEach((point, i) => {
        right[i] = i ? Math.max(wish[i], right[i - 1] + layer[i - 1].breadth + gap.node) : wish[i];
      });
      for (let i = layer.length - 1; i >= 0; i--) {
        const room = i + 1 < layer.length ? left[i + 1] - layer[i].breadth - gap.node : wish[i];
        left[i] = Math.min(wish[i], room);
      }
      layer.forEach((point, i) => { point.x = (left[i] + right[i]) / 2; });
    }
  let least = Infinity, most = -Infinity;
  for (const layer of layers)
    for (const point of layer) {
      least = Math.min(least, point.x);
      most = Math.max(most, point.x + point.breadth);
    }
  for (const layer of layers) for (const point of layer) point.x -= least;
  return most - least;
}
