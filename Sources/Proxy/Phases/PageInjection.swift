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
        let head = x.requestHead
        let isDocument = context.fetch.dest == nil || context.fetch.dest == "document"
        guard context.route.domain.inject else { return }
        Preconditions.translateIfMatch(x, mark: context.domain.mark)
        guard isDocument, head.first(.xRequestedWith) == nil else { return }
        context.mayInject = true
        context.heldCopies = Preconditions.translate(x, mark: context.domain.mark, isPage: context.isPage)
        guard context.isPage else { return }
        Preconditions.dropRange(x)
        narrowCodings(x)
    }

    /// Asks for pages in a coding that a tag can be put into.
    private func narrowCodings(_ x: Exchange) {
        guard x.requestHead.first(.acceptEncoding) != nil else { return }
        let acceptsGzip = x.requestHead.fields.contains { field in
            field.known == .acceptEncoding && !field.isRemoved
                && AcceptEncoding.allowsGzip(x.requestHead.string(field.value))
        }
        x.requestHead.removeAll(.acceptEncoding)
        x.requestLines.writeLine("Accept-Encoding", acceptsGzip ? "gzip" : "identity")
    }

    // MARK: response

    /// What puts the loader into this response, if it is a page.
    func loaderInjector(_ x: Exchange, _ context: RequestContext, isRefused: Bool) -> (any BodyTransform)? {
        var facts = facts(x, context, isRefused: isRefused)
        switch InjectionDecision.decide(facts) {
        case .inject(let coding, let requiresMarker):
            guard let plan = LoaderPlan(x, context) else { return skip(x, context, .policy) }
            context.plan = plan
            return coding.makeInjector(tag: plan.tag, requiresDocumentMarker: requiresMarker)
        case .skip(.method):
            // The head of a page must look as it would before the page (RFC 9110 §9.3.2).
            facts.method = .other
            if case .inject = InjectionDecision.decide(facts), let plan = LoaderPlan(x, context) {
                plan.apply(x, context)
                x.responseHead.removeAll(.contentLength)
            }
            return nil
        case .skip(.status) where x.responseHead.status == 304 && !context.heldCopies.isEmpty:
            LoaderPlan(x, context)?.applyToHeldCopy(x, context)
            return nil
        case .skip(let reason): return skip(x, context, reason)
        }
    }

    private func facts(_ x: Exchange, _ context: RequestContext, isRefused: Bool) -> InjectionFacts {
        InjectionFacts(
            method: x.requestHead.knownMethod == .head ? .head : .other, status: x.responseHead.status,
            contentType: x.responseHead.lines(.contentType), contentEncoding: x.responseHead.lines(.contentEncoding),
            contentDisposition: x.responseHead.lines(.contentDisposition),
            hasNoTransform: x.responseHead.list(.cacheControl, contains: "no-transform"),
            fetchDestination: x.requestHead.lines(.secFetchDest),
            hasRequestedWith: x.requestHead.first(.xRequestedWith) != nil,
            isSwitchedOff: isRefused || !context.route.domain.inject)
    }

    private func skip(_ x: Exchange, _ context: RequestContext, _ reason: InjectionSkip) -> (any BodyTransform)? {
        // To a page load the answer would have been another.
        if reason.dependsOnRequest { LoaderPlan.vary(x) }
        note(.skipped(reason), context)
        return nil
    }

    // MARK: body

    public func transformed(_ x: Exchange, _ outcome: InjectionOutcome) {
        guard let context = x.context as? RequestContext else { return }
        if outcome == .injected { context.plan?.apply(x, context) }
        note(outcome, context)
    }

    private func note(_ outcome: InjectionOutcome, _ context: RequestContext) {
        pages.count(outcome)
        guard context.isPage, case .skipped(let reason) = outcome else { return }
        logger.debug(
            "a page is left without the loader",
            metadata: ["phase": "body", "host": "\(context.member.site.host)", "reason": "\(reason.rawValue)"])
    }
}

extension MessageHead {
    /// The lines of a field as the injection decision wants them.
    fileprivate func lines(_ name: FieldName) -> FieldLines {
        guard let field = first(name) else { return .absent }
        return count(name) == 1 ? .one(slice(field.value).readableBytesView) : .several
    }
}
