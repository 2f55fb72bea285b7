import HTTPWire
import NIOHPACK

/// What a field section of a client's is read into, field by field. swift-nio-http2 gives text, and what reads it wants
/// bytes.
protocol HTTP2FieldReader {
    mutating func add(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
    ) throws(HTTP2RequestFields.Malformed)
}

extension HTTP2RequestFields: HTTP2FieldReader {}

extension HTTP2Trailers: HTTP2FieldReader {}

extension HTTP2FieldReader {
    mutating func add(_ section: HPACKHeaders) throws(HTTP2RequestFields.Malformed) {
        for field in section { try add(name: field.name, value: field.value) }
    }

    private mutating func add(name: String, value: String) throws(HTTP2RequestFields.Malformed) {
        let result = name.utf8.withContiguousStorageIfAvailable { name in
            value.utf8.withContiguousStorageIfAvailable { value in
                Result { () throws(HTTP2RequestFields.Malformed) in
                    try add(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
                }
            }
        }
        // The strings of Swift's own are all contiguous, and a decoder makes no others.
        guard let result, let result else { throw .badFieldValue }
        try result.get()
    }
}
