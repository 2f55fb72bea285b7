internal import Glibc

/// Why a file could not be read or written.
package struct FileError: Error {
    package var reason: String
    package var remedy: [String] = []

    /// What the operating system said.
    static func system(_ code: CInt) -> FileError {
        let text = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        switch code {
        case ENOENT: return FileError(reason: text, remedy: ["create it, or correct the path"])
        case EACCES, EPERM: return FileError(reason: text, remedy: ["give the user that runs Tombolo access to it"])
        default: return FileError(reason: text)
        }
    }
}

/// Whole small files.
package enum FileBytes {
    /// All bytes of a regular file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        // Not blocking, so that a FIFO without a writer cannot hang the start; it is refused below.
        let descriptor = try open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { close(descriptor) }
        return try read(descriptor, limit: limit)
    }

    /// Opens `path`, again when a signal comes between.
    static func open(_ path: String, _ flags: CInt, mode: mode_t = 0) throws(FileError) -> CInt {
        guard !path.utf8.contains(0) else { throw FileError(reason: "the path holds a NUL") }
        while true {
            let descriptor = Glibc.open(path, flags, mode)
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw .system(errno) }
        }
    }

    /// The status of an open regular file.
    static func status(_ descriptor: CInt) throws(FileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            throw FileError(reason: isDirectory ? "it is a directory" : "it is not a regular file")
        }
        return status
    }

    /// All bytes of an open regular file of at most `limit` bytes.
    static func read(_ descriptor: CInt, limit: Int) throws(FileError) -> [UInt8] {
        _ = try status(descriptor)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno)
            }
            guard bytes.count + count <= limit else {
                throw FileError(reason: "it is larger than \(SizeText.format(Int64(limit)))")
            }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }

    /// Writes all of `bytes`.
    static func write(_ bytes: [UInt8], to descriptor: CInt) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...]).baseAddress, buffer.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno)
            }
            offset += count
        }
    }
}

/// Paths as text.
enum FilePath {
    /// `path`, if relative, seen from the directory of `file`.
    static func resolve(_ path: String, beside file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.utf8.lastIndex(of: 0x2F) else { return path }
        return String(file[...slash]) + path
    }
}
