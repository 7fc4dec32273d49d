#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_PROBE_OUTAGE   1000
#define NGX_HTTP_ZOOM_PROBE_BROKEN   1000
#define NGX_HTTP_ZOOM_PROBE_MAX      300000
#define NGX_HTTP_ZOOM_PROBE_LIMITED  2000

#define NGX_HTTP_ZOOM_REFRESH_MIN    5000
#define NGX_HTTP_ZOOM_REFRESH_MAX    300000

/* a probe is for callers that await its answer, so long after it is due */

#define NGX_HTTP_ZOOM_PROBE_HASTY    1000

/* no pace of a probe is further ahead, unless the clock was set back */

#define NGX_HTTP_ZOOM_PACE_MAX       62000

/* how long others follow a scout that is not answered, and when they look */

#define NGX_HTTP_ZOOM_SCOUT          1000
#define NGX_HTTP_ZOOM_FOLLOW_LOOK    25

/* an outage this young may be over before the callbacks' time is */

#define NGX_HTTP_ZOOM_OUTAGE_YOUNG   15000

/* so many failures in a row are an outage, even if all are tried again */

#define NGX_HTTP_ZOOM_OUTAGE_AFTER   8

/* without a probe for so long after it was due, the state is unknown */

#define NGX_HTTP_ZOOM_KNOWN          30000


static ngx_uint_t ngx_http_zoom_breaker_paced(
    ngx_http_zoom_service_e service);
static ngx_uint_t ngx_http_zoom_breaker_works(
    const ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service);
static ngx_http_zoom_gate_e ngx_http_zoom_breaker_scout(
    ngx_http_zoom_scout_t *scout, ngx_msec_t *wait) ngx_http_zoom_under_lock;
static ngx_http_zoom_gate_e ngx_http_zoom_breaker_opened(
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    ngx_uint_t hasty, ngx_msec_t *wait) ngx_http_zoom_under_lock;
static ngx_uint_t ngx_http_zoom_breaker_outage(
    const ngx_http_zoom_breaker_failure_t *failure);
static ngx_uint_t ngx_http_zoom_breaker_trips(
    const ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_breaker_again(ngx_http_zoom_breaker_t *c,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_breaker_wait(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_breaker_open(ngx_http_zoom_breaker_t *c,
    zoom_error_e error) ngx_http_zoom_under_lock;
static ngx_msec_t ngx_http_zoom_breaker_hold(ngx_http_zoom_breaker_t *c);
static ngx_msec_int_t ngx_http_zoom_breaker_ahead(
    const ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service);
static void ngx_http_zoom_breaker_answered(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service) ngx_http_zoom_under_lock;
static ngx_uint_t ngx_http_zoom_breaker_limited(
    ngx_http_zoom_service_e service, zoom_error_e error);
static ngx_uint_t ngx_http_zoom_breaker_broken(ngx_http_zoom_service_e service,
    zoom_error_e error);
static zoom_log_once_t *ngx_http_zoom_breaker_lines(
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    zoom_error_e error);
static ngx_uint_t ngx_http_zoom_breaker_over(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service, const ngx_http_zoom_breaker_t *was)
    ngx_http_zoom_under_lock;


static const char *const
    ngx_http_zoom_breaker_names[NGX_HTTP_ZOOM_NSERVICES] =
{
    "OAuth", "minting", "minting onbehalf tokens",
    "minting local_recording tokens", "minting live_streaming tokens",
    "minting local_archiving tokens", "the API", "MCP",
    "downloading recordings"
};


#define ngx_http_zoom_ahead(t)                                                \
    (ngx_msec_int_t) ((t) - ngx_current_msec)


ngx_http_zoom_gate_e
ngx_http_zoom_breaker_gate(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    ngx_uint_t hasty, zoom_error_e *error, ngx_msec_t *wait)
{
    ngx_http_zoom_gate_e      gate;
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];

    if (c->error == ZOOM_OK && ngx_http_zoom_breaker_works(state, service)) {
        return NGX_HTTP_ZOOM_FINE;
    }

    ngx_http_zoom_zone_lock(zone);

    if (c->error == ZOOM_OK) {
        gate = ngx_http_zoom_breaker_scout(&state->scouts[service], wait);

    } else {
        gate = ngx_http_zoom_breaker_opened(state, service, hasty, wait);

        /* an unusable answer then means "unavailable" now */

        *error = zoom_error_is_outage(c->error) ? ZOOM_E_ZOOM_UNAVAILABLE
                                                : c->error;
    }

    ngx_http_zoom_zone_unlock(zone);

    return gate;
}


/*
 * What is asked of the API's host shares one probe a second; other hosts are
 * up or down by themselves.
 */

static ngx_uint_t
ngx_http_zoom_breaker_paced(ngx_http_zoom_service_e service)
{
    return service != NGX_HTTP_ZOOM_OAUTH && service <= NGX_HTTP_ZOOM_API;
}


/* services with flights, or one that has answered a short while ago */

static ngx_uint_t
ngx_http_zoom_breaker_works(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    ngx_msec_t  answered;

    if (service < NGX_HTTP_ZOOM_API && service != NGX_HTTP_ZOOM_OAUTH) {
        return 1;
    }

    answered = state->scouts[service].answered;

    return ngx_http_zoom_ahead(answered + NGX_HTTP_ZOOM_ANSWERED) > 0;
}


/*
 * Under lock: a crowd is not to find out together that a service is down, so
 * one goes first, and the others follow.
 */

static ngx_http_zoom_gate_e
ngx_http_zoom_breaker_scout(ngx_http_zoom_scout_t *scout, ngx_msec_t *wait)
{
    ngx_msec_int_t  ahead;

    ahead = ngx_http_zoom_ahead(scout->until);

    /*
     * The worker that sent it may be ahead of this one, whose time is that of
     * its last round of events.
     */

    if (ahead > 0 && ahead <= 2 * NGX_HTTP_ZOOM_SCOUT) {
        *wait = ngx_min((ngx_msec_t) ahead, NGX_HTTP_ZOOM_FOLLOW_LOOK);
        return NGX_HTTP_ZOOM_FOLLOW;
    }

    scout->until = ngx_current_msec + NGX_HTTP_ZOOM_SCOUT;

    return NGX_HTTP_ZOOM_FINE;
}


/* under lock: it is open */

static ngx_http_zoom_gate_e
ngx_http_zoom_breaker_opened(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service, ngx_uint_t hasty, ngx_msec_t *wait)
{
    ngx_uint_t                outage;
    ngx_msec_int_t            ahead, age;
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];
    outage = zoom_error_is_outage(c->error);

    ahead = ngx_http_zoom_breaker_ahead(state, service);
    ahead += hasty ? NGX_HTTP_ZOOM_PROBE_HASTY : 0;
    age = -ngx_http_zoom_ahead(c->opened);

    *wait = ngx_max(ahead, 0);

    if (ahead <= 0) {
        c->probes++;
        c->until = ngx_current_msec + ngx_http_zoom_breaker_hold(c);

        if (outage && ngx_http_zoom_breaker_paced(service)) {
            state->pace = c->until;
        }

        return NGX_HTTP_ZOOM_PROBE;
    }

    if ((outage && age < NGX_HTTP_ZOOM_OUTAGE_YOUNG)
        || c->error == ZOOM_E_RATE_LIMITED)
    {
        return NGX_HTTP_ZOOM_PAUSE;
    }

    c->count++;

    return NGX_HTTP_ZOOM_STOP;
}


void
ngx_http_zoom_breaker_unused(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service)
{
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];

    ngx_http_zoom_zone_lock(zone);

    if (c->error) {
        c->probes -= (c->probes != 0);
        c->until = ngx_current_msec
                   + ngx_min(ngx_http_zoom_breaker_hold(c),
                             NGX_HTTP_ZOOM_PROBE_OUTAGE);
    }

    ngx_http_zoom_zone_unlock(zone);
}


ngx_uint_t
ngx_http_zoom_breaker_known(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    const ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];

    return c->error
           && ngx_http_zoom_ahead(c->until + NGX_HTTP_ZOOM_KNOWN) > 0;
}


ngx_uint_t
ngx_http_zoom_breaker_bad(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    return state->breakers[service].error != ZOOM_OK;
}


ngx_uint_t
ngx_http_zoom_breaker_ready(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    return state->breakers[service].error == ZOOM_OK
           || ngx_http_zoom_breaker_ahead(state, service) <= 0;
}


ngx_uint_t
ngx_http_zoom_breaker_due(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    return ngx_http_zoom_breaker_ready(state, NGX_HTTP_ZOOM_OAUTH)
           && ngx_http_zoom_breaker_ready(state, service);
}


ngx_uint_t
ngx_http_zoom_breaker_down(const ngx_http_zoom_state_t *state)
{
    ngx_uint_t  i;

    for (i = 0; i <= NGX_HTTP_ZOOM_API; i++) {
        if (zoom_error_is_outage(state->breakers[i].error)) {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_zoom_breaker_good(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    ngx_log_t *log)
{
    ngx_uint_t                over, level;
    ngx_http_zoom_breaker_t  *c, was;

    c = &state->breakers[service];

    state->scouts[service].answered = ngx_current_msec;

    if (c->error == ZOOM_OK && c->failures == 0
        && (service != NGX_HTTP_ZOOM_OAUTH || state->renewal.told == 0))
    {
        return;
    }

    ngx_http_zoom_zone_lock(zone);

    was = *c;

    if (service == NGX_HTTP_ZOOM_OAUTH) {
        ngx_memzero(&state->renewal, sizeof(zoom_log_once_t));
    }

    ngx_memzero(c, sizeof(ngx_http_zoom_breaker_t));

    over = was.error && ngx_http_zoom_breaker_over(state, service, &was);

    if (zoom_error_is_outage(was.error)) {
        ngx_http_zoom_breaker_answered(state, service);
    }

    ngx_http_zoom_zone_unlock(zone);

    if (was.error == ZOOM_OK) {
        return;
    }

    level = over ? NGX_LOG_NOTICE : NGX_LOG_INFO;

    ngx_log_error(level, log, 0,
                  "zoom: account \"%*s\": %s works again after %M s, "
                  "%uL failed meanwhile (%s)", state->len, state->name,
                  ngx_http_zoom_breaker_names[service],
                  (ngx_current_msec - was.opened) / 1000, was.count,
                  zoom_error_info(was.error)->name.data);
}


ngx_http_zoom_breaker_e
ngx_http_zoom_breaker_failed(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
{
    ngx_http_zoom_breaker_e   now;
    ngx_http_zoom_breaker_t  *c;

    /* an old generation's credentials say nothing of those in force */

    if (failure->harmless || failure->lone
        || ngx_http_zoom_zone_outdated(zone))
    {
        return state->breakers[service].error ? NGX_HTTP_ZOOM_BREAKER_OPEN
                                              : NGX_HTTP_ZOOM_BREAKER_CLOSED;
    }

    c = &state->breakers[service];
    now = NGX_HTTP_ZOOM_BREAKER_CLOSED;

    ngx_http_zoom_zone_lock(zone);

    state->scouts[service].until = ngx_current_msec;

    c->untrusted = failure->untrusted;

    if (ngx_http_zoom_breaker_outage(failure) && !failure->counted
        && c->failures++ == 0)
    {
        now = NGX_HTTP_ZOOM_BREAKER_FIRST;
    }

    if (c->error) {
        ngx_http_zoom_breaker_again(c, service, failure);

    } else if (ngx_http_zoom_breaker_trips(state, service, failure)) {
        ngx_http_zoom_breaker_open(c, failure->error);
    }

    if (c->error) {
        now = NGX_HTTP_ZOOM_BREAKER_OPEN;
        ngx_http_zoom_breaker_wait(state, service, failure);
    }

    ngx_http_zoom_zone_unlock(zone);

    return now;
}


/* connections, TLS, 5xx and unusable answers, but no final refusal */

static ngx_uint_t
ngx_http_zoom_breaker_outage(const ngx_http_zoom_breaker_failure_t *failure)
{
    return !failure->final && zoom_error_is_outage(failure->error);
}


/* under lock: whether the first failure, or one more, opens it */

static ngx_uint_t
ngx_http_zoom_breaker_trips(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
{
    const ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];

    /* others have succeeded meanwhile */

    if (failure->counted && c->failures == 0) {
        return 0;
    }

    if (ngx_http_zoom_breaker_broken(service, failure->error)
        || ngx_http_zoom_breaker_limited(service, failure->error))
    {
        return 1;
    }

    if (!ngx_http_zoom_breaker_outage(failure)) {
        return 0;
    }

    /* if Zoom is known to be down, or says so, the first failure is enough */

    return failure->last || failure->wait
           || c->failures >= NGX_HTTP_ZOOM_OUTAGE_AFTER
           || ngx_http_zoom_breaker_down(state);
}


/* under lock: one more failure while it is open */

static void
ngx_http_zoom_breaker_again(ngx_http_zoom_breaker_t *c,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
{
    c->count += failure->last;

    if (c->error == failure->error) {
        return;
    }

    /* an outage may turn out to be a fault, and a limit an outage */

    if (ngx_http_zoom_breaker_broken(service, failure->error)
        || (c->error == ZOOM_E_RATE_LIMITED
            && ngx_http_zoom_breaker_outage(failure)))
    {
        ngx_http_zoom_breaker_open(c, failure->error);
    }
}


/* under lock: Retry-After of a 503 holds for all that is asked of the API */

static void
ngx_http_zoom_breaker_wait(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
{
    ngx_http_zoom_breaker_t  *c;

    if (failure->wait == 0
        || (!ngx_http_zoom_breaker_outage(failure)
            && !ngx_http_zoom_breaker_limited(service, failure->error)))
    {
        return;
    }

    c = &state->breakers[service];

    if (ngx_http_zoom_ahead(c->until) < (ngx_msec_int_t) failure->wait) {
        c->until = ngx_current_msec + failure->wait;
    }

    if (ngx_http_zoom_breaker_paced(service)
        && ngx_http_zoom_ahead(state->pace) < (ngx_msec_int_t) failure->wait)
    {
        state->pace = c->until;
    }
}


/* under lock */

static void
ngx_http_zoom_breaker_open(ngx_http_zoom_breaker_t *c, zoom_error_e error)
{
    c->error = error;
    c->count = 1;
    c->probes = 0;
    c->opened = ngx_current_msec;
    c->until = ngx_current_msec + ngx_http_zoom_breaker_hold(c);
}


/* time until the next probe, with jitter to separate hosts */

static ngx_msec_t
ngx_http_zoom_breaker_hold(ngx_http_zoom_breaker_t *c)
{
    ngx_msec_t  hold;

    if (zoom_error_is_outage(c->error)) {
        return NGX_HTTP_ZOOM_PROBE_OUTAGE
               + ngx_random() % (NGX_HTTP_ZOOM_PROBE_OUTAGE / 4);
    }

    if (c->error == ZOOM_E_RATE_LIMITED) {
        hold = NGX_HTTP_ZOOM_PROBE_LIMITED << ngx_min(c->probes, 4);

    } else {
        hold = NGX_HTTP_ZOOM_PROBE_BROKEN << ngx_min(c->probes, 9);
        hold = ngx_min(hold, NGX_HTTP_ZOOM_PROBE_MAX);
    }

    return hold - ngx_random() % (hold / 8);
}


/*
 * How far ahead the next probe is.  All that is asked of Zoom's API shares the
 * one a second; OAuth has its own, without a token nothing else is asked.
 */

static ngx_msec_int_t
ngx_http_zoom_breaker_ahead(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    ngx_msec_int_t                  ahead, pace;
    const ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[service];
    ahead = ngx_http_zoom_ahead(c->until);

    if (!ngx_http_zoom_breaker_paced(service)
        || !zoom_error_is_outage(c->error))
    {
        return ahead;
    }

    pace = ngx_http_zoom_ahead(state->pace);

    return (pace <= NGX_HTTP_ZOOM_PACE_MAX) ? ngx_max(ahead, pace) : ahead;
}


/* under lock: one service is back, so let the others be probed at once */

static void
ngx_http_zoom_breaker_answered(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service)
{
    ngx_uint_t                i;
    ngx_http_zoom_breaker_t  *c;

    if (!ngx_http_zoom_breaker_paced(service)) {
        return;
    }

    state->pace = ngx_current_msec;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        c = &state->breakers[i];

        if (ngx_http_zoom_breaker_paced(i) && zoom_error_is_outage(c->error)) {
            c->until = ngx_current_msec;
        }
    }
}


/* a 429: elsewhere the limiter has learned from it */

static ngx_uint_t
ngx_http_zoom_breaker_limited(ngx_http_zoom_service_e service,
    zoom_error_e error)
{
    return service == NGX_HTTP_ZOOM_OAUTH && error == ZOOM_E_RATE_LIMITED;
}


/* faults of the account, not of the user or meeting asked for */

static ngx_uint_t
ngx_http_zoom_breaker_broken(ngx_http_zoom_service_e service,
    zoom_error_e error)
{
    switch (error) {

    case ZOOM_E_CREDENTIALS_REJECTED:
    case ZOOM_E_APP_DISABLED:
    case ZOOM_E_SCOPE_MISSING:
        return 1;

    case ZOOM_E_ZOOM_REFUSED:
        return service == NGX_HTTP_ZOOM_OAUTH;

    default:
        return 0;
    }
}


/*
 * Failures that share a line in the log: an outage takes several forms, and
 * most faults concern all services; a missing scope is told for each type.
 */

static zoom_log_once_t *
ngx_http_zoom_breaker_lines(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service, zoom_error_e error)
{
    switch (error) {

    case ZOOM_E_ZOOM_INVALID:
        error = ZOOM_E_ZOOM_UNAVAILABLE;
        break;

    case ZOOM_E_SCOPE_MISSING:
        return &state->said[service][error];

    default:
        break;
    }

    return &state->said[NGX_HTTP_ZOOM_OAUTH][error];
}


/*
 * Under lock: whether the incident is over for all services.  If another one
 * still has it, that takes over its age and count; otherwise the next failure
 * is news.
 */

static ngx_uint_t
ngx_http_zoom_breaker_over(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service, const ngx_http_zoom_breaker_t *was)
{
    ngx_uint_t                i;
    zoom_log_once_t          *said;
    ngx_http_zoom_breaker_t  *c;

    said = ngx_http_zoom_breaker_lines(state, service, was->error);

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        c = &state->breakers[i];

        if (c->error
            && ngx_http_zoom_breaker_lines(state, i, c->error) == said)
        {
            c->count += was->count;

            if ((ngx_msec_int_t) (was->opened - c->opened) < 0) {
                c->opened = was->opened;
            }

            return 0;
        }
    }

    ngx_memzero(said, sizeof(zoom_log_once_t));

    return 1;
}


uint64_t
ngx_http_zoom_breaker_said(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure)
{
    uint64_t          count;
    zoom_log_once_t  *said;

    /* failed renewals have their own counter: they must not hide a failure */

    said = failure->harmless
           ? &state->renewal
           : ngx_http_zoom_breaker_lines(state, service, failure->error);

    ngx_http_zoom_zone_lock(zone);

    count = zoom_log_once(said, ngx_time());

    ngx_http_zoom_zone_unlock(zone);

    return count;
}


ngx_uint_t
ngx_http_zoom_breaker_refresh(ngx_http_zoom_state_t *state, ngx_uint_t foreign)
{
    ngx_msec_int_t  ahead;

    ahead = ngx_http_zoom_ahead(state->refresh);

    if (state->refresh_hold && ahead > 0) {
        return 0;
    }

    /* no refusal for as long again: the last renewal had helped */

    if (state->refresh_hold == 0
        || -ahead > (ngx_msec_int_t) state->refresh_hold)
    {
        state->refresh_hold = NGX_HTTP_ZOOM_REFRESH_MIN;

    } else if (!foreign) {
        state->refresh_hold = ngx_min(state->refresh_hold * 2,
                                      NGX_HTTP_ZOOM_REFRESH_MAX);
    }

    state->refresh = ngx_current_msec + state->refresh_hold;

    return 1;
}
