import Testing

@testable import Toposcope

/// The pairs within a distance are those of the matrix, in its order.
@Suite struct NearPairsTests {
  @Test(arguments: Metric.Kind.allCases) func pairsOfTheMatrix(kind: Metric.Kind) throws {
    var random = LinearCongruence(seed: 5)
    let points = random.rows(400, 3)
    for cloud in [try singleCloud(points + points[0..<30]), try PointCloud(points)] {
      for neighborhood in [nil, RelativeNeighborhood(neighbors: 4)] {
        let metric = Metric(kind, neighborhood: neighborhood)
        let m = try DistanceMatrix(cloud, metric: metric)
        for share in [0, 0.02, 0.3] {
          let lengths = (1..<cloud.count).map { m[0, $0] }.sorted()
          let threshold = lengths[Int(share * Double(lengths.count))]  // inclusive: there is a pair just as long
          for threads in [1, 3] {
            let pairs = try NearPairs(cloud, metric: metric, upTo: threshold, threads: threads, progress: Progress())
            var expected: [FiltrationEdge] = []
            for i in 0..<cloud.count {
              for j in i + 1..<max(i + 1, cloud.count) where m[i, j] <= threshold {
                expected.append(FiltrationEdge(length: m[i, j], tail: Int32(i), head: Int32(j)))
              }
            }
            let isSame =
              pairs.edges.map { FiltrationEdge(length: $0.length, tail: $0.edge.tail, head: $0.edge.head) } == expected
            #expect(isSame, "\(kind), up to \(threshold)")
          }
        }
      }
    }
  }

  @Test func fewPoints() throws {
    for points in [[], [[1.0, 2]], [[], []]] {
      let pairs = try NearPairs(PointCloud(points), metric: .euclidean, upTo: 1, threads: 2, progress: Progress())
      #expect(pairs.edges.count == (points.count == 2 ? 1 : 0))
    }
  }
}
