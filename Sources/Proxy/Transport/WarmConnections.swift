import HTTPWire
import NIOCore

/// The connections of a loop that have been answered last: they keep the memory of that exchange for the next one, and
/// what ``Phases`` remember of it. All others have let go of it. Confined to the loop.
///
/// Not by time: of thousands of connections that come one after the other and then stay idle, each would take its own, and
/// what they let go of later lies in pieces between what they keep, so that the system never gets it back.
final class WarmConnections {
    private let most: Int
    private var places: [HTTP1Connection?] = []
    private var next = 0

    /// - Parameter most: how many are kept warm, 1 or more.
    init(most: Int) { self.most = max(1, most) }

    /// Takes a connection in; the one that has been here longest goes.
    func add(_ connection: HTTP1Connection) {
        if places.count < most {
            connection.warmPlace = places.count
            return places.append(connection)
        }
        let place = next
        next = (next + 1) % most
        let oldest = places[place]
        connection.warmPlace = place
        places[place] = connection
        oldest?.cool()
    }

    /// Forgets a connection that is gone.
    func remove(_ connection: HTTP1Connection) {
        guard let place = connection.warmPlace else { return }
        connection.warmPlace = nil
        places[place] = nil
    }
}

extension HTTP1Connection {
    /// Lets go of what the next exchange could use again; in the midst of one, it is warm again with its end.
    fileprivate func cool() {
        warmPlace = nil
        guard machine.request == .idle, inbound.readableBytes == 0, !exchange.hasHead else { return }
        exchange.shrink()
        transformed = []
        phases.letGo()
    }
}

extension Exchange {
    /// Lets go of the memory of an exchange that is over.
    fileprivate func shrink() {
        requestHead.shrink()
        responseHead.shrink()
        requestLines = ByteBuffer()
        responseLines = ByteBuffer()
    }
}
