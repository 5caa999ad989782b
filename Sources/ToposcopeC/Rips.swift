import CToposcope
import Toposcope

@_cdecl("tps_rips_options_init")
public func tps_rips_options_init(_ options: UnsafeMutablePointer<tps_rips_options>?) {
  options?.pointee = tps_rips_options(
    size: MemoryLayout<tps_rips_options>.size, max_dimension: 1, modulus: 2, threshold: .infinity, threads: 0, flags: 0,
    max_memory: 0, progress: nil, context: nil)
}

extension RipsOptions {
  fileprivate init(_ options: tps_rips_options) throws(ToposcopeError) {
    guard options.size == MemoryLayout<tps_rips_options>.size else {
      throw ToposcopeError(.option, value: Double(options.size))
    }
    guard options.flags & ~Int32(TPS_RIPS_COCYCLES | TPS_RIPS_CYCLES) == 0 else {
      throw ToposcopeError(.option, value: Double(options.flags))
    }
    self.init()
    maxDimension = Int(options.max_dimension)
    modulus = Int(options.modulus)
    guard options.threshold >= 0 else { throw ToposcopeError(.threshold, value: options.threshold) }
    threshold = Float(options.threshold)
    threads = Int(options.threads)
    cocycles = options.flags & Int32(TPS_RIPS_COCYCLES) != 0
    cycles = options.flags & Int32(TPS_RIPS_CYCLES) != 0
    guard options.max_memory >= 0 else { throw ToposcopeError(.option, value: Double(options.max_memory)) }
    maxMemory = options.max_memory > 0 ? Int(options.max_memory) : nil
  }
}

/// Runs the engine on an input, and hands the result over as a handle.
private func run(
  _ options: UnsafePointer<tps_rips_options>?, _ result: UnsafeMutablePointer<OpaquePointer?>?,
  _ detail: UnsafeMutablePointer<tps_detail>?,
  on input: (_ threads: Int, _ progress: Progress) throws(ToposcopeError) -> RipsInput
) -> tps_status {
  status(detail) { () throws(ToposcopeError) in
    let settings = try required(options).pointee
    let result = try required(result)
    let options = try RipsOptions(settings)
    let progress = progress(settings.progress, settings.context)
    let diagrams = try vietorisRips(input(options.threads, progress), options: options, progress: progress)
    result.pointee = OpaquePointer(Unmanaged.passRetained(diagrams).toOpaque())
  }
}

@_cdecl("tps_rips_points")
public func tps_rips_points(
  _ points: UnsafePointer<tps_array>?, _ metric: UnsafePointer<tps_metric>?,
  _ options: UnsafePointer<tps_rips_options>?, _ result: UnsafeMutablePointer<OpaquePointer?>?,
  _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  run(options, result, detail) { (threads, progress) throws(ToposcopeError) in
    let array = try StridedArray(required(points).pointee)
    switch try GivenMetric(metric) {
    case .metric(let metric):
      return .points(try PointCloud(array, progress: progress), metric: metric)
    case .precomputed(let neighborhood):
      return .distances(try givenDistances(array, neighborhood, threads: threads, progress: progress))
    }
  }
}

@_cdecl("tps_rips_distances")
public func tps_rips_distances(
  _ distances: UnsafePointer<tps_array>?, _ options: UnsafePointer<tps_rips_options>?,
  _ result: UnsafeMutablePointer<OpaquePointer?>?, _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  run(options, result, detail) { (threads, progress) throws(ToposcopeError) in
    let array = try StridedArray(required(distances).pointee)
    return .distances(try givenDistances(array, nil, threads: threads, progress: progress))
  }
}

@_cdecl("tps_rips_edges")
public func tps_rips_edges(
  _ vertices: Int64, _ edges: Int64, _ tails: UnsafePointer<Int64>?, _ heads: UnsafePointer<Int64>?,
  _ lengths: UnsafePointer<Float>?, _ options: UnsafePointer<tps_rips_options>?,
  _ result: UnsafeMutablePointer<OpaquePointer?>?, _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  run(options, result, detail) { (_, progress) throws(ToposcopeError) in
    guard (0...Int64(Int32.max)).contains(vertices) else { throw ToposcopeError(.shape, value: Double(vertices)) }
    guard edges >= 0 else { throw ToposcopeError(.shape, value: Double(edges)) }
    var list: [(edge: Edge, length: Float)] = []
    guard edges > 0 else { return .edges(vertices: Int(vertices), list) }
    let (tails, heads, lengths) = (try required(tails), try required(heads), try required(lengths))
    list.reserveCapacity(Int(edges))
    for i in 0..<Int(edges) {
      if i & 0xFFFF == 0 { try progress.report(i, of: Int(edges)) }
      for end in [tails[i], heads[i]] where end < 0 || end >= vertices {
        throw ToposcopeError(.index, row: Int(end), column: Int(vertices), value: Double(i))
      }
      list.append((Edge(Int32(tails[i]), Int32(heads[i])), lengths[i]))
    }
    return .edges(vertices: Int(vertices), list)
  }
}

@_cdecl("tps_rips_free")
public func tps_rips_free(_ result: OpaquePointer?) {
  guard let result else { return }
  Unmanaged<RipsResult>.fromOpaque(UnsafeRawPointer(result)).release()
}

private func diagrams(_ handle: OpaquePointer) -> RipsResult {
  Unmanaged<RipsResult>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

@_cdecl("tps_rips_get_facts")
public func tps_rips_get_facts(
  _ result: OpaquePointer?, _ out: UnsafeMutablePointer<tps_rips_facts>?
) -> tps_status {
  status(nil) { () throws(ToposcopeError) in
    let result = diagrams(try required(result))
    let facts = result.facts
    try required(out).pointee = tps_rips_facts(
      vertices: Int64(facts.vertices), edges: Int64(facts.edges), max_dimension: Int32(result.options.maxDimension),
      modulus: Int32(result.options.modulus), threshold: Double(result.options.threshold),
      enclosing_radius: Double(facts.enclosingRadius), stopping_radius: Double(facts.stoppingRadius),
      seconds_distances: facts.secondsDistances, seconds_filtration: facts.secondsFiltration,
      seconds_persistence: facts.secondsPersistence, distances: tps_distance_facts(facts.distances))
  }
}

@_cdecl("tps_rips_bar_count")
public func tps_rips_bar_count(_ result: OpaquePointer?, _ dimension: Int32) -> Int64 {
  guard let result else { return -1 }
  let all = diagrams(result).diagrams
  return all.indices.contains(Int(dimension)) ? Int64(all[Int(dimension)].pairs.count) : -1
}

@_cdecl("tps_rips_bars")
public func tps_rips_bars(
  _ result: OpaquePointer?, _ dimension: Int32, _ diagram: UnsafeMutablePointer<Double>?,
  _ edges: UnsafeMutablePointer<Int64>?, _ censored: UnsafeMutablePointer<UInt8>?
) -> tps_status {
  status(nil) { () throws(ToposcopeError) in
    let all = diagrams(try required(result)).diagrams
    guard all.indices.contains(Int(dimension)) else { throw ToposcopeError(.notComputed, row: Int(dimension)) }
    for (i, pair) in all[Int(dimension)].pairs.enumerated() {
      if let diagram {
        diagram[2 * i] = Double(pair.birth)
        diagram[2 * i + 1] = Double(pair.death)
      }
      if let edges {
        edges[4 * i] = Int64(pair.birthEdge.tail)
        edges[4 * i + 1] = Int64(pair.birthEdge.head)
        edges[4 * i + 2] = pair.deathEdge.map { Int64($0.tail) } ?? -1
        edges[4 * i + 3] = pair.deathEdge.map { Int64($0.head) } ?? -1
      }
      censored?[i] = pair.isCensored ? 1 : 0
    }
  }
}

/// The place of a bar in a result, checked.
private func bar(
  _ result: OpaquePointer?, _ dimension: Int32, _ bar: Int64
) throws(ToposcopeError) -> (result: RipsResult, dimension: Int, bar: Int) {
  let result = diagrams(try required(result))
  guard result.diagrams.indices.contains(Int(dimension)) else {
    throw ToposcopeError(.notComputed, row: Int(dimension))
  }
  let count = result.diagrams[Int(dimension)].pairs.count
  guard bar >= 0, bar < Int64(count) else { throw ToposcopeError(.index, row: Int(bar), column: count) }
  return (result, Int(dimension), Int(bar))
}

/// Writes simplices one after the other, each with its vertices in the order it has.
private func write(_ simplices: some Sequence<[Int32]>, to out: UnsafeMutablePointer<Int64>) {
  var next = out
  for simplex in simplices {
    for vertex in simplex {
      next.pointee = Int64(vertex)
      next += 1
    }
  }
}

@_cdecl("tps_rips_cocycle")
public func tps_rips_cocycle(
  _ result: OpaquePointer?, _ dimension: Int32, _ index: Int64, _ watch: tps_progress?,
  _ context: UnsafeMutableRawPointer?, _ count: UnsafeMutablePointer<Int64>?,
  _ simplices: UnsafeMutablePointer<Int64>?, _ values: UnsafeMutablePointer<Int64>?,
  _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  status(detail) { () throws(ToposcopeError) in
    let place = try bar(result, dimension, index)
    let cocycle = try place.result.cocycle(
      dimension: place.dimension, bar: place.bar, progress: progress(watch, context))
    try required(count).pointee = Int64(cocycle.count)
    if let simplices { write(cocycle.lazy.map { $0.simplex }, to: simplices) }
    if let values {
      for (i, term) in cocycle.enumerated() { values[i] = Int64(term.value) }
    }
  }
}

@_cdecl("tps_rips_cycle")
public func tps_rips_cycle(
  _ result: OpaquePointer?, _ dimension: Int32, _ index: Int64, _ watch: tps_progress?,
  _ context: UnsafeMutableRawPointer?, _ count: UnsafeMutablePointer<Int64>?,
  _ simplices: UnsafeMutablePointer<Int64>?, _ detail: UnsafeMutablePointer<tps_detail>?
) -> tps_status {
  status(detail) { () throws(ToposcopeError) in
    let place = try bar(result, dimension, index)
    let cycle = try place.result.cycle(
      dimension: place.dimension, bar: place.bar, progress: progress(watch, context))
    try required(count).pointee = Int64(cycle.count)
    if let simplices { write(cycle, to: simplices) }
  }
}
