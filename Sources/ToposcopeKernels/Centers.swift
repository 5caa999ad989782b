import CToposcopeProcessor

/// Adds the edges from a rank on to the graph, up to the first whose link has no apex that is found: no common neighbour of its
/// ends that is joined to all others. Rows are closed: every vertex counts as its own neighbour.
///
/// Two likely vertices of each end are tried, all four at once: which of them it is cannot be foreseen. Where it is none, the
/// apex that is found becomes one. The common neighbours of the last edge are left in `common`.
///
/// Where only the components of links matter, the edges with a connected link are added too, and after a few links that are
/// no cones no other apex is looked for.
///
/// - Parameters:
///   - outlines: One bit a cache line of every row, set wherever that line has bits, so that only lines that two vertices
///     may share are read; nil where whole rows are.
///   - places: Room for the lines of a row.
func addCones(
  _ rows: UnsafeMutablePointer<UInt64>, _ words: Int, _ outlines: UnsafeMutablePointer<UInt64>?,
  _ places: UnsafeMutablePointer<Int32>, _ edges: UnsafePointer<Int32>, _ first: Int, _ end: Int,
  _ isConnectedEnough: Bool, _ likely: UnsafeMutablePointer<Int32>, _ apexes: UnsafeMutablePointer<UInt16>,
  _ common: UnsafeMutablePointer<UInt64>, _ candidates: UnsafeMutablePointer<UInt64>
) -> OpenLink {
  if let outlines {
    let all = Outlines(bits: outlines, wordsEach: toposcope_outline_words(words))
    return addCones(
      rows, words: words, all, places, edges, first, end, isConnectedEnough, likely, apexes, common, candidates)
  }
  // A row that is one register or two is read without a loop.
  switch words {
  case 8:
    return addCones(
      rows, words: 8, nil, places, edges, first, end, isConnectedEnough, likely, apexes, common, candidates)
  case 16:
    return addCones(
      rows, words: 16, nil, places, edges, first, end, isConnectedEnough, likely, apexes, common, candidates)
  default:
    return addCones(
      rows, words: words, nil, places, edges, first, end, isConnectedEnough, likely, apexes, common, candidates)
  }
}

@inline(__always)
private func addCones(
  _ rows: UnsafeMutablePointer<UInt64>, words: Int, _ outlines: Outlines?, _ places: UnsafeMutablePointer<Int32>,
  _ edges: UnsafePointer<Int32>, _ first: Int, _ end: Int, _ isConnectedEnough: Bool,
  _ likely: UnsafeMutablePointer<Int32>, _ apexes: UnsafeMutablePointer<UInt16>,
  _ common: UnsafeMutablePointer<UInt64>, _ candidates: UnsafeMutablePointer<UInt64>
) -> OpenLink {
  var lines = Lines(count: words / 8, places: nil)
  if outlines != nil {
    clear(lines, of: common)
    lines = Lines(count: 0, places: places)
  }
  var misses = 0
  for rank in first..<end {
    // Long rows are not where they can be had at once.
    if let outlines {
      outlines.fetch(rows, words, edges, rank, end)
    } else if words > 16 && rank &+ 4 < end {
      let (next, last) = (3 &* (rank &+ 4) &+ 1, 3 &* (rank &+ 4) &+ 2)
      for k in stride(from: 0, to: words, by: 8) {
        toposcope_fetch(rows + (Int(edges[next]) &* words &+ k))
        toposcope_fetch(rows + (Int(edges[last]) &* words &+ k))
      }
    }
    let (u, v) = (Int(edges[3 &* rank &+ 1]), Int(edges[3 &* rank &+ 2]))
    let (rowU, rowV) = (rows + u &* words, rows + v &* words)
    let (ofU, ofV) = (likely + 2 &* u, likely + 2 &* v)
    // Two rows whose common bits are the common neighbours.
    var (a, b) = (UnsafePointer(rowU), UnsafePointer(rowV))
    let found: UInt32
    if let outlines {
      clear(lines, of: common)
      lines = Lines(count: outlines.meet(rows, words, u, v, places, common), places: places)
      (a, b) = (UnsafePointer(common), UnsafePointer(common))
      found = firstApex(rows, words, lines, common, ofU[0], ofV[0], ofU[1], ofV[1])
    } else {
      found = toposcope_apexes(rows, words, a, b, ofU[0], ofV[0], ofU[1], ofV[1])
    }
    let place = found.trailingZeroBitCount
    var center = Center(vertex: (place & 1 == 0 ? ofU : ofV)[place &>> 1 & 1], isApex: true)
    if found == 0 {
      center.isOpen = true
      if misses < mostMisses { center = narrow(rows, words, lines, a, b, common, candidates) }
      if center.isOpen && isConnectedEnough {
        misses &+= 1
        center = reach(rows, words, lines, a, b, common, candidates)
      }
      if center.isOpen { return OpenLink(rank: Int32(truncatingIfNeeded: rank), vertex: center.vertex) }
    }
    if center.isApex {
      apexes[rank] = UInt16(truncatingIfNeeded: center.vertex)
      ofU[0] = center.vertex
      ofV[0] = center.vertex
    }
    rowU[v &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: v & 63)
    rowV[u &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: u & 63)
    outlines?.insert(u, v)
  }
  return OpenLink(rank: Int32(truncatingIfNeeded: end), vertex: -1)
}

/// Some cache lines of a row, all or those that are listed, by their first words.
private struct Lines {
  let count: Int
  let places: UnsafePointer<Int32>?

  @inline(__always)
  subscript(k: Int) -> Int {
    guard let places else { return 8 &* k }
    return Int(places[k])
  }
}

@inline(__always)
private func clear(_ lines: Lines, of row: UnsafeMutablePointer<UInt64>) {
  for k in 0..<lines.count {
    UnsafeMutableRawPointer(row + lines[k]).storeBytes(of: SIMD8(repeating: 0), as: SIMD8<UInt64>.self)
  }
}

/// Of every row, which of its lines may have bits.
private struct Outlines {
  let bits: UnsafeMutablePointer<UInt64>
  let wordsEach: Int

  @inline(__always)
  func insert(_ u: Int, _ v: Int) {
    toposcope_outline(bits, wordsEach, u, v)
    toposcope_outline(bits, wordsEach, v, u)
  }

  /// Calls `body` with the first word of each line in which both of two rows may have bits.
  @inline(__always)
  func forEachCommon(_ u: Int, _ v: Int, _ body: (Int) -> Void) {
    for k in 0..<wordsEach {
      var both = bits[u &* wordsEach &+ k] & bits[v &* wordsEach &+ k]
      while both != 0 {
        body(512 &* k &+ 8 &* both.trailingZeroBitCount)
        both &= both &- 1
      }
    }
  }

  /// Writes what two rows have in common, and lists the lines where there is something; returns how many.
  @inline(__always)
  func meet(
    _ rows: UnsafePointer<UInt64>, _ words: Int, _ u: Int, _ v: Int, _ places: UnsafeMutablePointer<Int32>,
    _ common: UnsafeMutablePointer<UInt64>
  ) -> Int {
    let (a, b) = (rows + u &* words, rows + v &* words)
    var count = 0
    forEachCommon(u, v) { word in
      let line = UnsafeRawPointer(a + word).load(as: SIMD8<UInt64>.self)
      let both = line & UnsafeRawPointer(b + word).load(as: SIMD8<UInt64>.self)
      UnsafeMutableRawPointer(common + word).storeBytes(of: both, as: SIMD8<UInt64>.self)
      places[count] = Int32(truncatingIfNeeded: word)
      count &+= isAny(both) ? 1 : 0
    }
    return count
  }

  /// Brings what will be read for later edges near the processor: outlines first, then the lines that they tell of.
  @inline(__always)
  func fetch(_ rows: UnsafePointer<UInt64>, _ words: Int, _ edges: UnsafePointer<Int32>, _ rank: Int, _ end: Int) {
    if rank &+ 8 < end {
      toposcope_fetch(bits + Int(edges[3 &* (rank &+ 8) &+ 1]) &* wordsEach)
      toposcope_fetch(bits + Int(edges[3 &* (rank &+ 8) &+ 2]) &* wordsEach)
    }
    if rank &+ 4 < end {
      let (u, v) = (Int(edges[3 &* (rank &+ 4) &+ 1]), Int(edges[3 &* (rank &+ 4) &+ 2]))
      let (a, b) = (rows + u &* words, rows + v &* words)
      toposcope_fetch(a + v &>> 6)
      toposcope_fetch(b + u &>> 6)
      forEachCommon(u, v) { word in
        toposcope_fetch(a + word)
        toposcope_fetch(b + word)
      }
    }
  }
}

/// One bit for the first of four vertices that is in a set and joined to all of it; 0 where none is.
@inline(__always)
private func firstApex(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ lines: Lines, _ set: UnsafePointer<UInt64>, _ first: Int32,
  _ second: Int32, _ third: Int32, _ fourth: Int32
) -> UInt32 {
  if isApex(rows, words, lines, set, Int(first)) { return 1 }
  if isApex(rows, words, lines, set, Int(second)) { return 2 }
  if isApex(rows, words, lines, set, Int(third)) { return 4 }
  return isApex(rows, words, lines, set, Int(fourth)) ? 8 : 0
}

@inline(__always)
private func isApex(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ lines: Lines, _ set: UnsafePointer<UInt64>, _ y: Int
) -> Bool {
  if set[y &>> 6] &>> UInt64(truncatingIfNeeded: y & 63) & 1 == 0 { return false }
  return firstMissing(lines, set, rows + y &* words) < 0
}

/// The first word in which a set has vertices that a row has not; -1 where there is none.
@inline(__always)
private func firstMissing(_ lines: Lines, _ set: UnsafePointer<UInt64>, _ row: UnsafePointer<UInt64>) -> Int {
  for k in 0..<lines.count {
    let line = lines[k]
    let some = toposcope_missing(set + line, set + line, row + line)
    if some != 0 { return line &+ some.trailingZeroBitCount }
  }
  return -1
}

/// Looks for a common neighbour of two vertices that is joined to all others, among three: the likely ones of the two, and the
/// first common neighbour there is, which then becomes the likely one of both. Returns it, or -1. Rows are closed.
///
/// - Parameter word: The first word in which the rows of `u` and `v` meet.
func linkCenter(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ u: Int, _ v: Int, _ word: Int, _ likely: UnsafeMutablePointer<Int32>
) -> Int32 {
  let (a, b) = (rows + u &* words, rows + v &* words)
  let (first, second) = (Int(likely[u]), Int(likely[v]))
  if isCenter(rows, words, a, b, first) { return Int32(truncatingIfNeeded: first) }
  if second != first && isCenter(rows, words, a, b, second) { return Int32(truncatingIfNeeded: second) }
  let neighbor = word &<< 6 &+ (a[word] & b[word]).trailingZeroBitCount
  guard toposcope_covers(a, b, rows + neighbor &* words, words) else { return -1 }
  likely[u] = Int32(truncatingIfNeeded: neighbor)
  likely[v] = Int32(truncatingIfNeeded: neighbor)
  return Int32(truncatingIfNeeded: neighbor)
}

@inline(__always)
private func isCenter(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ w: Int
) -> Bool {
  (a[w &>> 6] & b[w &>> 6]) &>> UInt64(truncatingIfNeeded: w & 63) & 1 != 0
    && toposcope_covers(a, b, rows + w &* words, words)
}

/// A vertex of a link, -1 where it has none, and what was found out.
private struct Center {
  var vertex: Int32
  var isApex = false
  /// Whether the link has to be looked at again.
  var isOpen = false
}

/// Looks for an apex among the common neighbours of two rows, which are written to `common`. Those that may be one are
/// narrowed down: who is not joined to z is none, for every z that the first of them misses. After a number of rounds this
/// gives up, so that a cone may be missed.
@inline(__always)
private func narrow(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ lines: Lines, _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>,
  _ common: UnsafeMutablePointer<UInt64>, _ candidates: UnsafeMutablePointer<UInt64>
) -> Center {
  var y = keep(rows: a, b, lines, in: common)
  if y < 0 { return Center(vertex: -1, isOpen: true) }
  var left = UnsafePointer(common)
  for _ in 0..<mostRounds {
    let row = rows + y &* words
    let word = firstMissing(lines, common, row)
    if word < 0 { return Center(vertex: Int32(truncatingIfNeeded: y), isApex: true) }
    let z = word &* 64 &+ (common[word] & ~row[word]).trailingZeroBitCount
    let next = keep(rows: left, rows + z &* words, lines, in: candidates)
    if next < 0 { break }
    left = UnsafePointer(candidates)
    y = next
  }
  return Center(vertex: Int32(truncatingIfNeeded: y), isOpen: true)
}

/// After so many links without an apex the next ones are expected to have none.
private let mostMisses = 4

/// More find a few more cones, and cost more on links that are none.
private let mostRounds = 4

/// Asks whether the common neighbours of two rows, which are written to `common`, are connected: the star of the first
/// grows by those of others that meet it, until nothing is left, or none of the rest does.
@inline(__always)
private func reach(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ lines: Lines, _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>,
  _ common: UnsafeMutablePointer<UInt64>, _ rest: UnsafeMutablePointer<UInt64>
) -> Center {
  let y = keep(rows: a, b, lines, in: common)
  let vertex = Int32(truncatingIfNeeded: y)
  if y < 0 { return Center(vertex: -1, isOpen: true) }
  if !keep(common, without: rows + y &* words, lines, in: rest) { return Center(vertex: vertex, isApex: true) }
  var isGrown = true
  while isGrown {
    isGrown = false
    for k in 0..<lines.count {
      for j in 0..<8 {
        let word = lines[k] &+ j
        var waiting = rest[word]
        while waiting != 0 {
          let row = rows + (word &* 64 &+ waiting.trailingZeroBitCount) &* words
          waiting &= waiting &- 1
          if !meets(row, common, without: rest, lines) { continue }
          if !keep(rest, without: row, lines, in: rest) { return Center(vertex: vertex) }
          isGrown = true
          waiting &= rest[word]
        }
      }
    }
  }
  return Center(vertex: vertex, isOpen: true)
}

/// Writes what is in one row and not in another; whether there is anything.
@inline(__always)
private func keep(
  _ a: UnsafePointer<UInt64>, without b: UnsafePointer<UInt64>, _ lines: Lines, in out: UnsafeMutablePointer<UInt64>
) -> Bool {
  var any = SIMD8<UInt64>(repeating: 0)
  for i in 0..<lines.count {
    let k = lines[i]
    let left =
      UnsafeRawPointer(a + k).load(as: SIMD8<UInt64>.self) & ~UnsafeRawPointer(b + k).load(as: SIMD8<UInt64>.self)
    UnsafeMutableRawPointer(out + k).storeBytes(of: left, as: SIMD8<UInt64>.self)
    any |= left
  }
  return isAny(any)
}

/// Whether a row has anything in common with what is in `a` and not in `b`.
@inline(__always)
private func meets(
  _ row: UnsafePointer<UInt64>, _ a: UnsafePointer<UInt64>, without b: UnsafePointer<UInt64>, _ lines: Lines
) -> Bool {
  var any = SIMD8<UInt64>(repeating: 0)
  for i in 0..<lines.count {
    let k = lines[i]
    let both =
      UnsafeRawPointer(row + k).load(as: SIMD8<UInt64>.self) & UnsafeRawPointer(a + k).load(as: SIMD8<UInt64>.self)
    any |= both & ~UnsafeRawPointer(b + k).load(as: SIMD8<UInt64>.self)
  }
  return isAny(any)
}

@inline(__always)
private func isAny(_ line: SIMD8<UInt64>) -> Bool {
  let half = line.lowHalf | line.highHalf
  let quarter = half.lowHalf | half.highHalf
  return quarter[0] | quarter[1] != 0
}

/// Writes what two rows have in common; returns the first such vertex, -1 where there is none.
@inline(__always)
private func keep(
  rows a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ lines: Lines, in out: UnsafeMutablePointer<UInt64>
) -> Int {
  var first = -1
  for i in 0..<lines.count {
    let k = lines[i]
    let both =
      UnsafeRawPointer(a + k).load(as: SIMD8<UInt64>.self) & UnsafeRawPointer(b + k).load(as: SIMD8<UInt64>.self)
    UnsafeMutableRawPointer(out + k).storeBytes(of: both, as: SIMD8<UInt64>.self)
    if first < 0 {
      let some = toposcope_nonzero(out + k)
      if some != 0 {
        let word = k &+ some.trailingZeroBitCount
        first = word &* 64 &+ out[word].trailingZeroBitCount
      }
    }
  }
  return first
}

/// Takes the vertices that y dominates out of a set: those joined to y, but to none that y is not joined to. Returns how many.
func removeDominated(
  _ rows: UnsafePointer<UInt64>, _ words: Int, _ y: Int, _ set: UnsafeMutablePointer<UInt64>,
  _ dominated: UnsafeMutablePointer<UInt64>
) -> Int {
  let row = rows + y &* words
  let lines = Lines(count: words / 8, places: nil)
  _ = keep(rows: set, row, lines, in: dominated)
  dominated[y &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: y & 63))
  var line = 0
  while line < words {
    var some = toposcope_missing(set + line, set + line, row + line)
    while some != 0 {
      let word = line &+ some.trailingZeroBitCount
      some &= some &- 1
      var missing = set[word] & ~row[word]
      while missing != 0 {
        let z = rows + (word &* 64 &+ missing.trailingZeroBitCount) &* words
        missing &= missing &- 1
        if !keep(dominated, without: z, lines, in: dominated) { return 0 }
      }
    }
    line &+= 8
  }
  var count = 0
  for k in 0..<words {
    set[k] &= ~dominated[k]
    count &+= dominated[k].nonzeroBitCount
  }
  return count
}
