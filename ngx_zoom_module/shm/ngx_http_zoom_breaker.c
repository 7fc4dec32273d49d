#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_PROBE_OUTAGE   1000
#define NGX_HTTP_ZOOM_PROBE_BROKEN   1000
#define NGX_HTTP_ZOOM_PROBE_MAX      300000
#define NGX_HTTP_ZOOM_REFRESH_MIN    5000
#define NGX_HTTP_ZOOM_REFRESH_MAX    300000

/* an outage this young may be over before the callbacks' time is */

#define NGX_HTTP_ZOOM_OUTAGE_YOUNG   15000

/* so many failed exchanges in a row are an outage before one gave up */

#define NGX_HTTP_ZOOM_OUTAGE_AFTER   8

/* without a probe for so long after its time nobody knows any more */

#define NGX_HTTP_ZOOM_KNOWN          30000


static void ngx_http_zoom_breaker_open(ngx_http_zoom_breaker_t *c,
    zoom_error_e error);
static ngx_msec_t ngx_http_zoom_breaker_hold(ngx_http_zoom_breaker_t *c);
static ngx_msec_int_t ngx_http_zoom_breaker_ahead(
    const ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind);
static void ngx_http_zoom_breaker_answered(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind);
static ngx_uint_t ngx_http_zoom_breaker_broken(ngx_http_zoom_service_e kind,
    zoom_error_e error);
static zoom_log_once_t *ngx_http_zoom_breaker_said(
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    zoom_error_e error);
static ngx_uint_t ngx_http_zoom_breaker_over(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind, const ngx_http_zoom_breaker_t *was);
static void ngx_http_zoom_breaker_say(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    const ngx_http_zoom_failure_t *failure, ngx_log_t *log);


static const char *const
    ngx_http_zoom_breaker_names[NGX_HTTP_ZOOM_NSERVICES] =
{
    "OAuth", "minting", "minting onbehalf tokens",
    "minting local_recording tokens", "minting live_streaming tokens",
    "minting local_archiving tokens"
};


#define ngx_http_zoom_ahead(t)                                                \
    (ngx_msec_int_t) ((t) - ngx_current_msec)


ngx_http_zoom_gate_e
ngx_http_zoom_breaker_gate(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    zoom_error_e *error, ngx_msec_t *wait)
{
    ngx_msec_int_t            ahead, age;
    ngx_http_zoom_gate_e      gate;
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[kind];

    if (c->error == ZOOM_OK) {
        return NGX_HTTP_ZOOM_FINE;
    }

    ngx_http_zoom_zone_lock(zone);

    ahead = ngx_http_zoom_breaker_ahead(state, kind);
    age = -ngx_http_zoom_ahead(c->opened);

    /* what was unusable then is just not there now */

    *error = zoom_error_is_outage(c->error) ? ZOOM_E_ZOOM_UNAVAILABLE
                                            : c->error;
    *wait = ngx_max(ahead, 0);

    if (c->error == ZOOM_OK) {
        gate = NGX_HTTP_ZOOM_FINE;

    } else if (ahead <= 0) {
        c->probes++;
        c->until = ngx_current_msec + ngx_http_zoom_breaker_hold(c);

        if (zoom_error_is_outage(c->error) && kind != NGX_HTTP_ZOOM_OAUTH) {
            state->pace = c->until;
        }

        gate = NGX_HTTP_ZOOM_PROBE;

    } else {
        gate = NGX_HTTP_ZOOM_STOP;

        if (zoom_error_is_outage(c->error)
            && age < NGX_HTTP_ZOOM_OUTAGE_YOUNG)
        {
            gate = NGX_HTTP_ZOOM_PAUSE;
        }

        if (gate == NGX_HTTP_ZOOM_STOP) {
            c->count++;
        }
    }

    ngx_http_zoom_zone_unlock(zone);

    return gate;
}


void
ngx_http_zoom_breaker_unused(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind)
{
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[kind];

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
    ngx_http_zoom_service_e kind)
{
    const ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[kind];

    return c->error
           && ngx_http_zoom_ahead(c->until + NGX_HTTP_ZOOM_KNOWN) > 0;
}


ngx_uint_t
ngx_http_zoom_breaker_bad(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind)
{
    return state->breakers[kind].error != ZOOM_OK;
}


ngx_uint_t
ngx_http_zoom_breaker_ready(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind)
{
    return state->breakers[kind].error == ZOOM_OK
           || ngx_http_zoom_breaker_ahead(state, kind) <= 0;
}


ngx_uint_t
ngx_http_zoom_breaker_due(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind)
{
    return ngx_http_zoom_breaker_ready(state, NGX_HTTP_ZOOM_OAUTH)
           && ngx_http_zoom_breaker_ready(state, kind);
}


ngx_uint_t
ngx_http_zoom_breaker_down(const ngx_http_zoom_state_t *state)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        if (zoom_error_is_outage(state->breakers[i].error)) {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_zoom_breaker_good(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind, ngx_log_t *log)
{
    ngx_uint_t                over, level;
    ngx_http_zoom_breaker_t  *c, was;

    c = &state->breakers[kind];

    if (c->error == ZOOM_OK && c->failures == 0
        && (kind != NGX_HTTP_ZOOM_OAUTH || state->renewal.told == 0))
    {
        return;
    }

    ngx_http_zoom_zone_lock(zone);

    was = *c;

    if (kind == NGX_HTTP_ZOOM_OAUTH) {
        ngx_memzero(&state->renewal, sizeof(zoom_log_once_t));
    }

    ngx_memzero(c, sizeof(ngx_http_zoom_breaker_t));

    over = was.error && ngx_http_zoom_breaker_over(state, kind, &was);

    if (zoom_error_is_outage(was.error)) {
        ngx_http_zoom_breaker_answered(state, kind);
    }

    ngx_http_zoom_zone_unlock(zone);

    if (was.error == ZOOM_OK) {
        return;
    }

    level = over ? NGX_LOG_NOTICE : NGX_LOG_INFO;

    ngx_log_error(level, log, 0,
                  "zoom: account \"%*s\": %s works again after %M s, "
                  "%uL failed meanwhile (%s)", state->len, state->name,
                  ngx_http_zoom_breaker_names[kind],
                  (ngx_current_msec - was.opened) / 1000, was.count,
                  zoom_error_info(was.error)->name.data);
}


void
ngx_http_zoom_breaker_failed(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    const ngx_http_zoom_failure_t *failure, ngx_log_t *log)
{
    ngx_uint_t                outage, first, level, harmless;
    ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[kind];
    first = 0;

    /* an old generation's credentials say nothing of those in force */

    harmless = failure->harmless || failure->lone
               || ngx_http_zoom_zone_outdated(zone);

    outage = !failure->final && zoom_error_is_outage(failure->error);

    ngx_http_zoom_zone_lock(zone);

    state->last_time = ngx_time();
    state->last_error = failure->error;
    state->last_code = failure->code;

    ngx_cpystrn(state->last_message, (u_char *) failure->message,
                sizeof(state->last_message));
    ngx_cpystrn(state->last_tracking_id, (u_char *) failure->tracking_id,
                sizeof(state->last_tracking_id));

    if (outage && !harmless && !failure->counted) {
        first = (c->failures++ == 0);
    }

    if (harmless || (failure->counted && c->failures == 0)) {

        /* nobody has to go without, or others have got over it meanwhile */

    } else if (c->error) {
        c->count += failure->last;

        /* an outage may turn out to be something else */

        if (ngx_http_zoom_breaker_broken(kind, failure->error)
            && c->error != failure->error)
        {
            ngx_http_zoom_breaker_open(c, failure->error);
        }

    } else if (ngx_http_zoom_breaker_broken(kind, failure->error)
               || (outage && (failure->last
                              || c->failures >= NGX_HTTP_ZOOM_OUTAGE_AFTER
                              || ngx_http_zoom_breaker_down(state))))
    {
        /* where Zoom is down already, the first failure tells */

        ngx_http_zoom_breaker_open(c, failure->error);
    }

    if (c->error && outage && !harmless
        && ngx_http_zoom_ahead(c->until) < (ngx_msec_int_t) failure->wait)
    {
        /* Retry-After of a 503 */
        c->until = ngx_current_msec + failure->wait;
    }

    ngx_http_zoom_zone_unlock(zone);

    if (failure->last || c->error) {
        ngx_http_zoom_breaker_say(zone, state, kind, failure, log);

    } else {
        level = first ? NGX_LOG_WARN : NGX_LOG_INFO;

        ngx_log_error(level, log, 0, "zoom: account \"%*s\": %V, trying again",
                      state->len, state->name, &failure->text);
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


/* until the next probe; with jitter, hosts that fail together part company */

static ngx_msec_t
ngx_http_zoom_breaker_hold(ngx_http_zoom_breaker_t *c)
{
    ngx_msec_t  hold;

    if (zoom_error_is_outage(c->error)) {
        return NGX_HTTP_ZOOM_PROBE_OUTAGE
               + ngx_random() % (NGX_HTTP_ZOOM_PROBE_OUTAGE / 4);
    }

    hold = NGX_HTTP_ZOOM_PROBE_BROKEN << ngx_min(c->probes, 9);
    hold = ngx_min(hold, NGX_HTTP_ZOOM_PROBE_MAX);

    return hold - ngx_random() % (hold / 8);
}


/*
 * How far ahead the next probe is.  All that is asked of Zoom's API shares the
 * one a second; OAuth has its own, without a token nothing else is asked.
 */

static ngx_msec_int_t
ngx_http_zoom_breaker_ahead(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind)
{
    ngx_msec_int_t                  ahead, pace;
    const ngx_http_zoom_breaker_t  *c;

    c = &state->breakers[kind];
    ahead = ngx_http_zoom_ahead(c->until);

    if (kind == NGX_HTTP_ZOOM_OAUTH || !zoom_error_is_outage(c->error)) {
        return ahead;
    }

    pace = ngx_http_zoom_ahead(state->pace);

    return (pace <= 2 * NGX_HTTP_ZOOM_PROBE_OUTAGE) ? ngx_max(ahead, pace)
                                                    : ahead;
}


/* under lock: an outage is over for one kind, let the others see at once */

static void
ngx_http_zoom_breaker_answered(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind)
{
    ngx_uint_t                i;
    ngx_http_zoom_breaker_t  *c;

    if (kind == NGX_HTTP_ZOOM_OAUTH) {
        return;
    }

    state->pace = ngx_current_msec;

    for (i = NGX_HTTP_ZOOM_OAUTH + 1; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        c = &state->breakers[i];

        if (zoom_error_is_outage(c->error)) {
            c->until = ngx_current_msec;
        }
    }
}


/* what holds for the account, not for the one user or meeting asked for */

static ngx_uint_t
ngx_http_zoom_breaker_broken(ngx_http_zoom_service_e kind, zoom_error_e error)
{
    switch (error) {

    case ZOOM_E_CREDENTIALS_REJECTED:
    case ZOOM_E_APP_DISABLED:
    case ZOOM_E_SCOPE_MISSING:
        return 1;

    case ZOOM_E_ZOOM_REFUSED:
        return kind == NGX_HTTP_ZOOM_OAUTH;

    default:
        return 0;
    }
}


/*
 * An outage shows in more than one way, and most of what goes wrong is the
 * same for all that is asked for; some has to be mended for each kind.
 */

static zoom_log_once_t *
ngx_http_zoom_breaker_said(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind, zoom_error_e error)
{
    switch (error) {

    case ZOOM_E_ZOOM_INVALID:
        error = ZOOM_E_ZOOM_UNAVAILABLE;
        break;

    case ZOOM_E_SCOPE_MISSING:
    case ZOOM_E_ZOOM_REFUSED:
        return &state->said[kind][error];

    default:
        break;
    }

    return &state->said[NGX_HTTP_ZOOM_OAUTH][error];
}


/*
 * Under lock: what was told once is over once.  Where it goes on elsewhere
 * that takes its age and count along; else the next failure is news.
 */

static ngx_uint_t
ngx_http_zoom_breaker_over(ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind, const ngx_http_zoom_breaker_t *was)
{
    ngx_uint_t                i;
    zoom_log_once_t          *said;
    ngx_http_zoom_breaker_t  *c;

    said = ngx_http_zoom_breaker_said(state, kind, was->error);

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        c = &state->breakers[i];

        if (c->error
            && ngx_http_zoom_breaker_said(state, i, c->error) == said)
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


/* once per incident, then a reminder with a count */

static void
ngx_http_zoom_breaker_say(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    const ngx_http_zoom_failure_t *failure, ngx_log_t *log)
{
    uint64_t          count;
    ngx_uint_t        level;
    zoom_log_once_t  *said;

    level = NGX_LOG_ERR;
    said = ngx_http_zoom_breaker_said(state, kind, failure->error);

    if (failure->harmless) {

        /* nor may it silence what is none */

        level = NGX_LOG_WARN;
        said = &state->renewal;
    }

    ngx_http_zoom_zone_lock(zone);

    count = zoom_log_once(said, ngx_time());

    ngx_http_zoom_zone_unlock(zone);

    if (count > 1) {
        ngx_log_error(level, log, 0,
                      "zoom: account \"%*s\": %V (%uL of this kind since the "
                      "last such line)", state->len, state->name,
                      &failure->text, count);
        return;
    }

    if (count == 0) {
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, log, 0, "zoom: account \"%*s\": %V", state->len,
                  state->name, &failure->text);
}


ngx_uint_t
ngx_http_zoom_breaker_refresh(ngx_http_zoom_state_t *state)
{
    ngx_msec_int_t  ahead;

    ahead = ngx_http_zoom_ahead(state->refresh);

    if (state->refresh_hold && ahead > 0) {
        return 0;
    }

    /* quiet for as long again: that one had helped */

    if (state->refresh_hold == 0
        || -ahead > (ngx_msec_int_t) state->refresh_hold)
    {
        state->refresh_hold = NGX_HTTP_ZOOM_REFRESH_MIN;

    } else {
        state->refresh_hold = ngx_min(state->refresh_hold * 2,
                                      NGX_HTTP_ZOOM_REFRESH_MAX);
    }

    state->refresh = ngx_current_msec + state->refresh_hold;

    return 1;
}


void
ngx_http_zoom_breaker_reset(ngx_http_zoom_state_t *state)
{
    ngx_memzero(state->breakers, sizeof(state->breakers));
    ngx_memzero(state->said, sizeof(state->said));
    ngx_memzero(&state->renewal, sizeof(zoom_log_once_t));

    state->refresh = ngx_current_msec;
    state->refresh_hold = 0;
}
