// No Apache counterpart: Apache makes all variables anew for every request. See ServerCore/Plan/KeptWalk.swift.

import Bytes
import FastCGI
import ServerCore

/// What a script is told whenever a kept walk leads to it: the backend, and the variables that are the same each time, ready to
/// be sent.
final class ScriptRecipe {
    let backend: Backend
    /// `proxy:fcgi://…`, as loggers see it.
    private let filename: ByteString?
    private let fixed: [UInt8]

    /// Keeps what was made for `request`; nil where it cannot be the same for the next. `before` is its environment as the
    /// walk left it.
    init?(_ request: Request, _ backend: Backend, before: Table) {
        guard request.keptWalk != nil, request.pathInfo.isEmpty else { return nil }
        let had = before.storage
        for index in 0..<before.count where CGIEnvironment.isOfOneRequest(had.span, before.ranges(at: index).name) {
            return nil
        }
        let all = request.env
        let text = all.storage
        var fixed: [UInt8] = []
        fixed.reserveCapacity(text.count + all.count * 2)
        for index in 0..<all.count {
            let (name, value) = all.ranges(at: index)
            if CGIEnvironment.isOfOneRequest(text.span, name) { continue }
            ParamsEncoder.appendPair(text.span.extracting(name), text.span.extracting(value), to: &fixed)
        }
        // Far below one record's limit, so that nothing has to be split.
        guard fixed.count < 16384 else { return nil }
        self.fixed = fixed
        self.backend = backend
        filename = request.filename
    }

    /// The recipe of a request whose walk was recalled.
    static func of(_ request: Request) -> ScriptRecipe? {
        guard let recipe = request.keptWalk?.prepared as? ScriptRecipe, request.header("Max-Forwards") == nil else {
            return nil
        }
        request.filename = recipe.filename
        request.isProxyResponse = true
        // Loggers and filters may want to see what the script was told.
        request.pendingVariables = { _ = ProxyFCGI.fillEnvironment($0) }
        return recipe
    }

    /// BEGIN_REQUEST and all PARAMS.
    func appendOpening(_ request: Request, to output: inout [UInt8]) {
        let id = FastCGIExchange.requestID
        let own = CGIEnvironment.variablesOfOneRequest(request)
        let text = own.storage
        output.reserveCapacity(fixed.count + text.count + own.count * 8 + 64)
        RecordEncoder.appendBeginRequest(id: id, keepsConnection: backend.isReusable, to: &output)
        var encoder = ParamsEncoder(id: id, output: &output)
        encoder.append(pairs: fixed, to: &output)
        for index in 0..<own.count {
            let (name, value) = own.ranges(at: index)
            encoder.append(name: text.span.extracting(name), value: text.span.extracting(value), to: &output)
        }
        encoder.finish(&output)
    }
}
