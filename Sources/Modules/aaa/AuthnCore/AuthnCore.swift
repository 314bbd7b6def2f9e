// Apache: modules/aaa/mod_authn_core.c

import Bytes
import ConfigLanguage
import Expressions
import ServerCore

/// AuthType, AuthName and aliases of password sources.
public enum AuthnCore {
    private static let name = "authn_core"

    public static let module = ModuleDefinition(name, .aaa, directives: rows) { hooks in
        hooks.onCheckUserID(authenticateNoUser, order: .last)
    }

    static let directory = ConfigKey<DirectoryConfig>()
    static let server = ConfigKey<ServerConfig>()

    struct DirectoryConfig: MergeableConfig {
        var authType: Setting<Expression> = .inherited
        var authName: Setting<Expression> = .inherited

        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            result.authType = child.authType.or(base.authType)
            result.authName = child.authName.or(base.authName)
            return result
        }
    }
    struct ServerConfig: MergeableConfig {
        /// `<AuthnProviderAlias>` by alias.
        var aliases: [ByteString: AuthnProvider] = [:]
        static func merged(_ base: ServerConfig, _ child: ServerConfig) -> ServerConfig { base }
    }

    static let rows: [Directive] = [
        Directive(
            "AuthType", .authConfig, "an HTTP authorization type (e.g., \"Basic\")",
            .take1 { context, word throws(DirectiveError) in
                context[directory].authType = .set(try parse(context, word, "AuthType"))
            }),
        Directive(
            "AuthName", .authConfig, "the authentication realm (e.g. \"Members Only\")",
            .take1 { context, word throws(DirectiveError) in
                context[directory].authName = .set(try parse(context, word, "AuthName"))
            }),
        Directive(
            "<AuthnProviderAlias", .server,
            "container for grouping an authentication provider's directives under a provider alias",
            .section(providerAlias)),
    ]

    private static func parse(
        _ context: DirectiveContext, _ word: ByteString, _ directive: String
    ) throws(DirectiveError) -> Expression {
        do throws(DirectiveError) {
            return try context.parseString(word)
        } catch {
            throw DirectiveError("Cannot parse expression '\(word)' in \(directive): \(error.message)")
        }
    }

    /// `<AuthnProviderAlias provider alias>`
    @Sendable static func providerAlias(
        _ context: DirectiveContext, _ argument: ByteString, _ body: SectionBody
    ) throws(DirectiveError) {
        let directiveName = context.directive
        try context.requireGlobal()
        var words = ArgumentWords(argument)
        let (base, alias) = (words.next(), words.next())
        guard !base.isEmpty, !alias.isEmpty else {
            throw DirectiveError("\(directiveName)> directive requires additional arguments")
        }
        if base.equalsIgnoringCase(alias) {
            throw DirectiveError("The alias provider name must be different from the base provider name.")
        }
        let configuration = context.configuration
        if configuration.authnProvider(alias) != nil {
            throw DirectiveError(
                "The alias provider \(alias) has already be registered previously as either a base provider or an alias provider."
            )
        }
        let vector = try context.process(body, path: nil, override: [.authConfig, .directory])
        guard let provider = configuration.authnProvider(base) else {
            throw DirectiveError("Unknown Authn provider: \(base)")
        }
        let section = PerDirectoryConfig(vector)
        var result = AuthnProvider()
        if let check = provider.checkPassword {
            result.checkPassword = { request, user, password in
                request.under(section) { check(request, user, password) }
            }
        }
        if let hash = provider.realmHash {
            result.realmHash = { request, user, realm in request.under(section) { hash(request, user, realm) } }
        }
        configuration.mainServer[server].aliases[alias] = result
    }

    // MARK: What other modules ask

    /// The configured AuthType; nil when there is none or it is `None` (ap_auth_type).
    static func authType(_ request: Request) -> ByteString? {
        guard case .set(let expression) = request[directory].authType else { return nil }
        do throws(ExpressionFailure) {
            let type = try request.string(expression)
            return type.equalsIgnoringCase("None") ? nil : type
        } catch {
            request.log(.error, name, "AH02834: AuthType expression could not be evaluated: \(error.message)")
            return nil
        }
    }
    /// The realm, ready to stand between quotes (ap_auth_name).
    static func authName(_ request: Request) -> ByteString? {
        guard case .set(let expression) = request[directory].authName else { return nil }
        do throws(ExpressionFailure) {
            return try request.string(expression).withEscapedQuotes
        } catch {
            request.log(.error, name, "AH02835: AuthName expression could not be evaluated: \(error.message)")
            return nil
        }
    }

    /// Without AuthType nobody needs to say who they are; with one that no module knows nobody can.
    @Sendable static func authenticateNoUser(_ request: Request) -> Outcome {
        guard let type = authType(request) else { return .ok }
        request.log(.error, name, "AH01796: AuthType \(type) configured without corresponding module")
        return .status(500)
    }
}
