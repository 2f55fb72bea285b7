internal import Configuration
internal import CrossDomain
public import HTMLInjection
internal import HTTPWire
internal import Logging
internal import NIOCore

/// What the loader in a page means for the page's request and head, phase by phase: in *request* the app is asked for
/// something that a tag can go into; in *response* the head decides whether it goes in and how it must look; in *body*,
/// when the first bytes have shown that it is a page, the head is made to fit. A page that turns out to be none passes
/// with its head as the app sent it.
extension SessionPhases {
    // MARK: request

    func preparePage(_ x: Exchange, _ context: RequestContext) {
        let route = context.route
        guard x.requestHead.withBytes(x.requestHead.path, { route.domain.isInjected(path: $0) }) else { return }
        context.wantsLoader = true
        let fetch = context.fetch
        Preconditions.translateIfMatch(x, mark: context.domain.mark)
        guard fetch.mayBecomePage(acceptsPage: x.requestHead.first(.xRequestedWith) == nil) else { return }
        context.heldCopies = Preconditions.translate(x, mark: context.domain.mark, isPage: context.isPage)
        if context.isPage { Preconditions.dropRange(x) }
        if fetch.mayBecomePage(acceptsPage: VisitReader.acceptsPage(x.requestHead)) { narrowCodings(x) }
    }

    /// Asks for a page in codings that a tag can be put into, as far as the client accepts them. A client that says
    /// nothing of codings is not spoken for.
    private func narrowCodings(_ x: Exchange) {
        guard let line = codings.narrowed(x.requestHead) else { return }
        x.requestLines.writeImmutableBuffer(line)
        x.requestHead.removeAll(.acceptEncoding)
    }

    // MARK: response

    /// What puts the loader into this response, if it is a page.
    ///
    /// - Parameters:
    ///   - isRefused: the app has said that it does not want it.
    ///   - forbidsChanges: the app's `Cache-Control` had `no-transform`.
    func loaderInjector(
        _ x: Exchange, _ context: RequestContext, isRefused: Bool, forbidsChanges: Bool
    ) -> (any BodyTransform)? {
        let facts = facts(x, context, isRefused: isRefused, forbidsChanges: forbidsChanges)
        switch InjectionDecision.decide(facts) {
        case .inject(let coding, let requiresMarker):
            guard let plan = LoaderPlan(x, context) else { return skip(x, context, .policy) }
            context.plan = plan
            return coding.makeInjector(tag: plan.tag, requiresDocumentMarker: requiresMarker)
        case .skip(.method) where x.responseHead.status == 304, .skip(.status) where x.responseHead.status == 304:
            notModified(x, context)
            return nil
        case .skip(.method):
            // The head of a page must look as it would before the page (RFC 9110 §9.3.2).
            if case .inject = InjectionDecision.decideAsGet(facts), let plan = LoaderPlan(x, context) {
                plan.apply(x, context)
                x.responseHead.removeAll(.contentLength)
            }
            return nil
        case .skip(let reason): return skip(x, context, reason)
        }
    }

    /// A 304 renews the head of the stored copy (RFC 9111 §4.3.4), be it one with the loader or, for scripts, without.
    private func notModified(_ x: Exchange, _ context: RequestContext) {
        if !context.heldCopies.isEmpty {
            LoaderPlan(x, context)?.applyToHeldCopy(x, context)
        } else if context.wantsLoader, x.responseHead.first(.vary) != nil, context.fetch.mayConcernPage {
            LoaderPlan.vary(x)
        }
    }

    private func facts(
        _ x: Exchange, _ context: RequestContext, isRefused: Bool, forbidsChanges: Bool
    ) -> InjectionFacts {
        InjectionFacts(
            method: x.requestHead.knownMethod == .head ? .head : .other, status: x.responseHead.status,
            contentType: x.responseHead.lines(.contentType), contentEncoding: x.responseHead.lines(.contentEncoding),
            contentDisposition: x.responseHead.lines(.contentDisposition),
            hasNoTransform: forbidsChanges,
            fetchDestination: x.requestHead.lines(.secFetchDest),
            hasRequestedWith: x.requestHead.first(.xRequestedWith) != nil,
            isSwitchedOff: isRefused || !context.wantsLoader)
    }

    private func skip(_ x: Exchange, _ context: RequestContext, _ reason: InjectionSkip) -> (any BodyTransform)? {
        settle(x, context, .skipped(reason))
        return nil
    }

    // MARK: body

    public func transformed(_ x: Exchange, _ outcome: InjectionOutcome) {
        guard let context = x.context as? RequestContext else { return }
        settle(x, context, outcome)
    }

    private func settle(_ x: Exchange, _ context: RequestContext, _ outcome: InjectionOutcome) {
        pages.count(outcome)
        switch outcome {
        case .undecided, .failed: break
        case .injected: context.plan?.apply(x, context)
        case .skipped(let reason):
            // To another kind of request the answer would have been another.
            if reason.dependsOnRequest { LoaderPlan.vary(x) }
            guard context.isPage else { break }
            logger.debug(
                "a page is left without the loader",
                metadata: ["phase": "body", "host": "\(context.member.site.host)", "reason": "\(reason.rawValue)"])
        }
    }
}

extension MessageHead {
    /// The lines of a field as the injection decision wants them.
    fileprivate func lines(_ name: FieldName) -> FieldLines {
        guard let field = first(name) else { return .absent }
        return count(name) == 1 ? .one(slice(field.value).readableBytesView) : .several
    }
}
