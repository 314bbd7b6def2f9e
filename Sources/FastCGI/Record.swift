// Apache: include/util_fcgi.h, server/util_fcgi.c; the FastCGI 1.0 specification, section 3.3
import Bytes

/// Types of records.
public enum RecordType: UInt8, Sendable, Hashable, CaseIterable {
    case beginRequest = 1
    case abortRequest, endRequest, params, stdin, stdout, stderr, data, getValues, getValuesResult, unknownType
}

/// What an application is asked to be.
public enum Role: UInt16, Sendable, Hashable {
    case responder = 1
    case authorizer, filter
}

/// Why an application ended a request.
public enum ProtocolStatus: UInt8, Sendable, Hashable {
    case requestComplete = 0
    case cannotMultiplex, overloaded, unknownRole
}

/// The eight bytes before every record's content.
public struct RecordHeader: Sendable, Hashable {
    public static let count = 8
    public static let version: UInt8 = 1
    /// The content of one record is no longer than this.
    public static let maximumContent = 65_535

    public var version: UInt8
    /// A `RecordType`, or a number that no type has.
    public var type: UInt8
    public var requestID: UInt16
    public var contentLength: UInt16
    public var paddingLength: UInt8

    public init(type: RecordType, requestID: UInt16, contentLength: UInt16, paddingLength: UInt8 = 0) {
        version = Self.version
        self.type = type.rawValue
        self.requestID = requestID
        self.contentLength = contentLength
        self.paddingLength = paddingLength
    }

    /// Reads eight bytes; nil when there are fewer.
    public init?(_ bytes: borrowing Span<UInt8>, at offset: Int) {
        guard offset >= 0, bytes.count - offset >= Self.count else { return nil }
        version = bytes[offset]
        type = bytes[offset + 1]
        requestID = UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3])
        contentLength = UInt16(bytes[offset + 4]) << 8 | UInt16(bytes[offset + 5])
        paddingLength = bytes[offset + 6]
    }

    public func append(to output: inout [UInt8]) {
        output.append(version)
        output.append(type)
        output.append(UInt8(truncatingIfNeeded: requestID >> 8))
        output.append(UInt8(truncatingIfNeeded: requestID))
        output.append(UInt8(truncatingIfNeeded: contentLength >> 8))
        output.append(UInt8(truncatingIfNeeded: contentLength))
        output.append(paddingLength)
        output.append(0)
    }
}
