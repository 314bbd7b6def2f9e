// Apache: modules/md/mod_md_config.c (md_cmds: MDStapling and its times)

import ACME
import Bytes
import ServerCore

extension ManagedDomains {
    static let staplingRows: [Directive] = [
        .domain("MDStapling", "Enable/Disable OCSP Stapling for this/all Managed Domain(s).") {
            settings, word throws(DirectiveError) in
            settings.stapling = try SettingWords.onOff(word)
        },
        .domain("MDStapleOthers", "Enable/Disable OCSP Stapling for certificates not in Managed Domains.") {
            settings, word throws(DirectiveError) in
            settings.staplesOthers = try SettingWords.onOff(word)
        },
        .whole("MDStaplingKeepResponse", "The amount of time to keep an OCSP response in the store.", .anywhere) {
            config, word throws(DirectiveError) in
            do throws(TimeSlice.FormatError) {
                config.statusKeeping = try TimeSlice(word.string, norm: TimeSlice.week)
            } catch { throw DirectiveError("MDStaplingKeepResponse \(error.text)") }
        },
        .whole(
            "MDStaplingRenewWindow", "Time length for renewal before OCSP responses expire (defaults to days).",
            .anywhere
        ) { config, word throws(DirectiveError) in
            do throws(TimeSlice.FormatError) {
                config.statusRenewWindow = try TimeSlice(word.string)
            } catch { throw DirectiveError("MDStaplingRenewWindow \(error.text)") }
            let slice = config.statusRenewWindow
            guard slice.norm == 0 || slice.length < slice.norm else {
                throw DirectiveError("MDStaplingRenewWindow with a length of 100% or more is not allowed.")
            }
        },
    ]
}
