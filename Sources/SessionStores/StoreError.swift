/// The store could not do what it was asked to. Never a verdict on a session: whoever gets one must neither log a user
/// out nor delete a cookie because of it.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, for programs.
    public enum Kind: String, Equatable, Sendable {
        /// There is no room: the disk, the size limit of the file, or the bounded memory is used up.
        case full
        /// Another process holds the lock for longer than the store waits.
        case busy
        /// The stored data is damaged or not this program's.
        case corrupt
        /// The store cannot be written.
        case readOnly
        /// The store was written by a newer version of this program.
        case newerSchema
        /// The store cannot be opened or reached at all.
        case unavailable
        /// Reading or writing failed below the store (disk, file system, network).
        case inputOutput
        /// A record is there and cannot be read: it is damaged, or of a newer format.
        case undecodable
        /// The record changed under every one of many tries to write it.
        case contended
        /// The store refused this one write: it is too large, or against a rule of the database.
        case refused
        /// The store has been closed.
        case closed
    }

    /// What is wrong, for programs.
    public var kind: Kind
    /// What is wrong and what to do, for the operator: names the file or server, never a session's content.
    public var message: String

    /// An error of a kind, with a sentence for the operator.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
