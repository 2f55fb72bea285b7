/// How many connections to one upstream there are at the moment, and how many requests wait for one.
public struct PoolOccupancy: Sendable, Equatable {
    /// Being opened, in use and idle.
    public var open: Int
    /// Of those, the ones that do nothing.
    public var idle: Int
    /// Requests for which no connection is free.
    public var waiting: Int

    static func + (a: PoolOccupancy, b: PoolOccupancy) -> PoolOccupancy {
        PoolOccupancy(open: a.open + b.open, idle: a.idle + b.idle, waiting: a.waiting + b.waiting)
    }
}
