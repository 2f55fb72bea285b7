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
        var (name, value) = (name, value)
        let result = name.withUTF8 { name in
            value.withUTF8 { value in
                Result { () throws(HTTP2RequestFields.Malformed) in
                    try add(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
                }
            }
        }
        try result.get()
    }
}
