// Apache: server/request.c ap_run_sub_req

import Bytes

extension Request {
    /// Runs the handler of a subrequest that a lookup returned with status 200.
    /// - Returns: The body as its own filters leave it, or the status the handler refused with. The body reads from this
    ///   request, which must be kept as long.
    public func runSubrequest() async -> SubrequestAnswer {
        switch await ProcessRequest.invokeHandler(self) {
        case .status(let status): return .refused(status)
        case .declined, .suspended: return .refused(500)
        case .ok, .done:
            let answer = last
            if !answer.isPrepared { ErrorResponse.finishContent(answer) }
            return .body(answer.responseBody.asSource())
        }
    }
}

/// What became of a subrequest.
public enum SubrequestAnswer {
    case body(any BodySource)
    case refused(Int)
}
