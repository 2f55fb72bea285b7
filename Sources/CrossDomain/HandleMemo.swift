internal import Sessions

/// The last handle that a connection has shown, opened.
///
/// A handle's text never changes its meaning under the same keys; whether it is still worth anything is judged anew for
/// each request. A reload makes new groups and so forgets it.
public struct HandleMemo {
    private var group: SessionGroup?
    private var scope = ""
    private var text = ""
    private var opened: Handle?

    /// Nothing was shown yet.
    public init() {}

    func handle(for text: String, of group: SessionGroup, scope: String) -> Handle? {
        guard opened != nil, self.group === group, self.text == text, self.scope == scope else { return nil }
        return opened
    }

    mutating func keep(_ handle: Handle, for text: String, of group: SessionGroup, scope: String) {
        self.group = group
        self.scope = scope
        self.text = text
        opened = handle
    }
}
