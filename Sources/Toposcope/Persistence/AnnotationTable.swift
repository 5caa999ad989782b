/// One coordinate of an annotation: the value of a live cocycle.
struct Term: Hashable, Sendable {
  /// Classes are numbered as they are born.
  var cocycle: Int32
  /// In 1 ..< p.
  var value: UInt32
}

/// The distinct annotations of the edges, each kept once: edges hold an identifier (Boissonnat, Dey, Maria 2013).
/// Identifier 0 is the zero annotation.
///
/// When a class dies, nothing is rewritten but a relation that says what it equals. An annotation has dead classes
/// replaced when it is next read; if it becomes equal to another one, its identifier stands for that one's from then on.
/// So a death costs nothing for annotations that nobody reads again.
///
/// Invariant: an annotation contains no class that died before `checked` deaths, and a relation contains none that died
/// before its own class did. Both only ever refer to older classes, so replacing ends.
struct AnnotationTable {
  let field: PrimeField
  private let isBinary: Bool
  /// The sum that is being made: see ``clearSum()`` and ``add(_:times:)``.
  private(set) var total: AnnotationSum

  private struct Entry: BitwiseCopyable {
    var block: Block
    /// The identifier that this one stands for: itself, until it becomes equal to another.
    var target: Int32
    /// The number of deaths that it knows of.
    var checked: Int32
    var hash: UInt32
  }
  /// Words of `pool`.
  private struct Block: BitwiseCopyable {
    var start: UInt32 = 0
    /// Negative for wide vectors.
    var signedCount: Int32 = 0
  }
  private var entries: Memory<Entry>
  private var entryCount = 1
  private var vacantEntries: [Int32] = []

  private var pool: Memory<UInt64>
  private var poolCount = 0
  /// The words of the pool that vectors take.
  private(set) var wordsTaken = 0
  /// For every power of two the blocks of that size that are free.
  private var vacantBlocks: [[UInt32]] = Array(repeating: [], count: 33)

  /// Identifiers by the hash of their content: open addressing. What it holds besides current content is harmless.
  private var slots: Memory<Int32>
  private var slotsUsed = 0

  /// By class, since it died: the vector of it with the value -1, and of what it equals.
  private var relations: Memory<Block>
  private var dead: Memory<UInt64>
  private var deaths: Int32 = 0
  private(set) var classCount = 0

  let progress: Progress

  init(field: PrimeField, progress: Progress) throws(ToposcopeError) {
    self.field = field
    self.progress = progress
    isBinary = field.p == 2
    total = try AnnotationSum(field: field, progress: progress)
    entries = try Memory(1 << 8)
    pool = try Memory(1 << 9)
    slots = try Memory(1 << 9)
    relations = try Memory(1 << 7)
    dead = try Memory(2)
  }

  // MARK: Classes

  /// The annotation of an edge that bears a class, the youngest so far.
  mutating func bear() throws(ToposcopeError) -> Int32 {
    if classCount == relations.count {
      relations = try relations.grown(to: 2 * relations.count)
      dead = try dead.grown(to: 2 * dead.count)
    }
    classCount += 1
    return try identifier(of: [Term(cocycle: Int32(classCount - 1), value: 1)])
  }

  /// Makes the sum, which is not zero, a relation that holds: its youngest class, which is returned, equals the rest.
  mutating func kill() throws(ToposcopeError) -> Int32 {
    let youngest = total.youngest
    total.scale(by: field.negative(field.inverse(youngest.value)))
    let dying = Int(youngest.cocycle)
    relations.base[dying] = try stored(total.vector)
    dead.base[dying >> 6] |= 1 << UInt64(dying & 63)
    deaths += 1
    return youngest.cocycle
  }

  // MARK: Sums

  mutating func clearSum() { total.clear() }

  /// Adds `factor` times the annotation of an identifier that stands for itself.
  @inline(__always)
  mutating func add(_ identifier: Int32, times factor: UInt32) throws(ToposcopeError) {
    if identifier != 0 { try total.add(vector(identifier), times: factor) }
  }

  mutating func add(_ terms: [Term]) throws(ToposcopeError) {
    for term in terms { try total.add(term.cocycle, times: term.value) }
  }

  /// True if all that was added is zero. If not, the sum is ready for ``kill()`` and ``identifierOfSum()``.
  mutating func settleSum() -> Bool {
    total.settle()
    return total.count == 0
  }

  /// The identifier of the sum, of live classes only.
  mutating func identifierOfSum() throws(ToposcopeError) -> Int32 {
    total.settle()
    if total.count == 0 { return 0 }
    let content = total.vector
    let hash = content.hash
    if let known = identifier(of: content, hash) { return known }
    let new = try vacantEntry()
    let block = try stored(content)
    entries.base[Int(new)] = Entry(block: block, target: new, checked: deaths, hash: hash)
    try remember(new, hash)
    return new
  }

  mutating func identifier(of terms: [Term]) throws(ToposcopeError) -> Int32 {
    total.clear()
    try add(terms)
    return try identifierOfSum()
  }

  /// The identifier of an annotation and some more. `identifier` stands for itself.
  mutating func sum(_ identifier: Int32, _ terms: [Term]) throws(ToposcopeError) -> Int32 {
    total.clear()
    try add(identifier, times: 1)
    try add(terms)
    return try identifierOfSum()
  }

  // MARK: Identifiers

  /// The identifier that stands for `identifier` now.
  @inline(__always)
  mutating func resolve(_ identifier: Int32) throws(ToposcopeError) -> Int32 {
    if identifier == 0 { return 0 }
    let entry = entries.base[Int(identifier)]
    return entry.checked == deaths ? entry.target : try update(identifier)
  }

  /// The annotation of an identifier that stands for itself. Valid until the next one is made.
  @inline(__always)
  func vector(_ identifier: Int32) -> AnnotationVector { vector(entries.base[Int(identifier)].block) }

  @inline(__always)
  private func vector(_ block: Block) -> AnnotationVector {
    AnnotationVector(
      words: pool.base + Int(block.start), count: abs(Int(block.signedCount)), isWide: block.signedCount < 0)
  }

  private mutating func update(_ identifier: Int32) throws(ToposcopeError) -> Int32 {
    var root = identifier
    while root != 0 {
      let target = entries.base[Int(root)].target
      if target == root {
        if entries.base[Int(root)].checked == deaths { break }
        try replaceDead(root)
        if entries.base[Int(root)].target == root { break }
      }
      root = entries.base[Int(root)].target
    }
    var next = identifier
    while next != root {
      let target = entries.base[Int(next)].target
      entries.base[Int(next)].target = root
      entries.base[Int(next)].checked = deaths
      next = target
    }
    return root
  }

  /// Replaces the dead classes in an annotation, or finds another identifier that it stands for.
  private mutating func replaceDead(_ identifier: Int32) throws(ToposcopeError) {
    let index = Int(identifier)
    let old = entries.base[index]
    if !vector(old.block).meets(dead.base) {
      entries.base[index].checked = deaths
      return
    }
    total.clear()
    try total.add(vector(old.block), times: 1)
    let (pool, relations) = (pool.base, relations.base)
    try total.substitute(dead.base) {
      let block = relations[$0]
      return AnnotationVector(
        words: pool + Int(block.start), count: abs(Int(block.signedCount)), isWide: block.signedCount < 0)
    }
    total.settle()
    let content = total.vector
    release(old.block)
    if content.count == 0 {
      entries.base[index] = Entry(block: Block(), target: 0, checked: deaths, hash: 0)
      return
    }
    let hash = content.hash
    if let known = self.identifier(of: content, hash) {
      entries.base[index] = Entry(block: Block(), target: known, checked: deaths, hash: 0)
      return
    }
    let block = try stored(content)
    entries.base[index] = Entry(block: block, target: identifier, checked: deaths, hash: hash)
    try remember(identifier, hash)
  }

  /// Forgets all identifiers but some, and all relations.
  ///
  /// - Parameter isUsed: By identifier; those used stand for themselves, and have been resolved since the last death.
  mutating func keepOnly(_ isUsed: UnsafePointer<Bool>) throws(ToposcopeError) {
    try progress.forEachPart(of: entryCount) { part in
      for index in part where index > 0 && !isUsed[index] && entries.base[index].target >= 0 {
        release(entries.base[index].block)
        entries.base[index] = Entry(block: Block(), target: -1, checked: -1, hash: 0)
        vacantEntries.append(Int32(index))
      }
    }
    for index in 0..<classCount {
      release(relations.base[index])
      relations.base[index] = Block()
    }
    try rebuildSlots()
  }

  /// Identifiers are less than this.
  var bound: Int { entryCount }

  private mutating func vacantEntry() throws(ToposcopeError) -> Int32 {
    if let vacant = vacantEntries.popLast() { return vacant }
    if entryCount == entries.count { entries = try entries.grown(to: 2 * entries.count) }
    entryCount += 1
    return Int32(entryCount - 1)
  }

  // MARK: Content

  private func identifier(of content: AnnotationVector, _ hash: UInt32) -> Int32? {
    let mask = slots.count &- 1
    var place = Int(hash) & mask
    while true {
      let identifier = slots.base[place]
      if identifier == 0 { return nil }
      let entry = entries.base[Int(identifier)]
      if entry.hash == hash && entry.target == identifier && vector(entry.block).equals(content) { return identifier }
      place = (place &+ 1) & mask
    }
  }

  private mutating func remember(_ identifier: Int32, _ hash: UInt32) throws(ToposcopeError) {
    if slotsUsed * 2 >= slots.count {
      try rebuildSlots()
      return
    }
    insertSlot(identifier, hash)
  }

  private mutating func insertSlot(_ identifier: Int32, _ hash: UInt32) {
    let mask = slots.count &- 1
    var place = Int(hash) & mask
    while slots.base[place] != 0 { place = (place &+ 1) & mask }
    slots.base[place] = identifier
    slotsUsed += 1
  }

  private mutating func rebuildSlots() throws(ToposcopeError) {
    var current = 0
    for index in 1..<max(1, entryCount) where entries.base[index].target == Int32(index) { current += 1 }
    var size = 1 << 9
    while size < 4 * current { size *= 2 }
    slots = try Memory(size)
    slotsUsed = 0
    for index in 1..<max(1, entryCount) {
      if index & 0xFFFF == 0 { try progress.report() }
      if entries.base[index].target == Int32(index) { insertSlot(Int32(index), entries.base[index].hash) }
    }
  }

  private static func sizeClass(_ block: Block) -> Int {
    let count = Int(block.signedCount.magnitude)
    return count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
  }

  private mutating func stored(_ content: AnnotationVector) throws(ToposcopeError) -> Block {
    var block = Block(signedCount: Int32(content.isWide ? -content.count : content.count))
    let size = AnnotationTable.sizeClass(block)
    wordsTaken += 1 << size
    if let vacant = vacantBlocks[size].popLast() {
      block.start = vacant
    } else {
      let words = 1 << size
      if poolCount + words > pool.count { pool = try pool.grown(to: max(2 * pool.count, poolCount + words)) }
      guard poolCount <= Int(UInt32.max) else { throw ToposcopeError(.memory, value: 16 * Double(poolCount)) }
      block.start = UInt32(poolCount)
      poolCount += words
    }
    (pool.base + Int(block.start)).update(from: content.words, count: content.count)
    return block
  }

  private mutating func release(_ block: Block) {
    if block.signedCount == 0 { return }
    wordsTaken -= 1 << AnnotationTable.sizeClass(block)
    vacantBlocks[AnnotationTable.sizeClass(block)].append(block.start)
  }
}
