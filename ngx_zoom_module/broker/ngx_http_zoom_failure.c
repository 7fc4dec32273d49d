#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_slot.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_log_once.h"


static const char *ngx_http_zoom_failure_advice(
    const ngx_http_zoom_exchange_t *x, const zoom_verdict_t *v);
static void ngx_http_zoom_failure_pass(ngx_http_zoom_failure_t *f);
static void ngx_http_zoom_failure_log(ngx_http_zoom_failure_t *f,
    ngx_http_zoom_breaker_e now);


void
ngx_http_zoom_failure_text(ngx_http_zoom_failure_t *f, const ngx_str_t *what,
    const ngx_http_zoom_exchange_t *x, const zoom_verdict_t *v)
{
    u_char                   *p, *end;
    const char               *advice;
    const zoom_error_info_t  *info;

    info = zoom_error_info(v->error);

    p = f->buf;
    end = p + NGX_HTTP_ZOOM_TEXT_MAX;

    p = ngx_slprintf(p, end, "no %V (%*s): ", what, info->name.len,
                     info->name.data);

    if (x->rc != NGX_OK) {
        if (x->origin) {
            p = ngx_slprintf(p, end, "%V: ", &x->origin->host);
        }

        p = ngx_slprintf(p, end, "%s", x->reason ? x->reason : "no answer");

    } else {
        p = ngx_slprintf(p, end, "Zoom answered %d, code %d, \"%s\", "
                         "tracking id \"%s\"", x->response.status, v->code,
                         v->message, v->tracking_id);
    }

    advice = ngx_http_zoom_failure_advice(x, v);

    if (advice) {
        p = ngx_slprintf(p, end, "; %s", advice);
    }

    f->text.data = f->buf;
    f->text.len = p - f->buf;
}


static const char *
ngx_http_zoom_failure_advice(const ngx_http_zoom_exchange_t *x,
    const zoom_verdict_t *v)
{
    const char  *advice;

    if (x->queued) {
        return "increase \"connections\"";
    }

    advice = (x->rc != NGX_OK) ? x->advice : v->advice;

    if (advice == NULL && v->error == ZOOM_E_ZOOM_UNAVAILABLE) {
        return "see whether Zoom is down (https://status.zoom.us)";
    }

    return advice;
}


void
ngx_http_zoom_failure_tell(ngx_http_zoom_failure_t *f, const zoom_verdict_t *v)
{
    f->event.error = v->error;
    f->event.final = (v->verdict == ZOOM_FINAL);
    f->event.counted = 0;
    f->event.wait = (v->wait > 0) ? ngx_min(v->wait * 1000,
                                            NGX_HTTP_ZOOM_CLOSE_MAX) : 0;

    ngx_http_zoom_state_failed(f->wa->zone, f->wa->state, v);

    ngx_http_zoom_failure_pass(f);
}


void
ngx_http_zoom_failure_was_last(ngx_http_zoom_failure_t *f)
{
    if (f->event.error == ZOOM_OK) {
        return;
    }

    f->event.last = 1;
    f->event.counted = 1;

    ngx_http_zoom_failure_pass(f);
}


static void
ngx_http_zoom_failure_pass(ngx_http_zoom_failure_t *f)
{
    ngx_http_zoom_breaker_e  now;

    now = ngx_http_zoom_breaker_failed(f->wa->zone, f->wa->state, f->service,
                                       &f->event);

    ngx_http_zoom_failure_log(f, now);
}


/* once per incident, then a reminder with a count */

static void
ngx_http_zoom_failure_log(ngx_http_zoom_failure_t *f,
    ngx_http_zoom_breaker_e now)
{
    uint64_t                count;
    ngx_uint_t              level;
    ngx_http_zoom_state_t  *state;

    state = f->wa->state;

    if (!f->event.last && now != NGX_HTTP_ZOOM_BREAKER_OPEN) {
        level = (now == NGX_HTTP_ZOOM_BREAKER_FIRST) ? NGX_LOG_WARN
                                                     : NGX_LOG_INFO;

        ngx_log_error(level, f->wa->log, 0,
                      "zoom: account \"%*s\": %V, trying again",
                      state->len, state->name, &f->text);
        return;
    }

    level = f->event.harmless ? NGX_LOG_WARN : NGX_LOG_ERR;

    count = ngx_http_zoom_breaker_said(f->wa->zone, state, f->service,
                                       &f->event);

    if (count > 1) {
        ngx_log_error(level, f->wa->log, 0,
                      "zoom: account \"%*s\": %V (%uL of this kind since the "
                      "last such line)", state->len, state->name, &f->text,
                      count);
        return;
    }

    if (count == 0) {
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, f->wa->log, 0, "zoom: account \"%*s\": %V",
                  state->len, state->name, &f->text);
}


void
ngx_http_zoom_failure_clock(ngx_http_zoom_worker_account_t *wa, int64_t off)
{
    uint64_t  count;

    ngx_http_zoom_zone_lock(wa->zone);

    count = zoom_log_once(&wa->state->clock, ngx_time());

    ngx_http_zoom_zone_unlock(wa->zone);

    if (count == 0) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, wa->log, 0,
                  "zoom: account \"%V\": the Date of an answer is %L s %s this "
                  "machine's clock and is not believed; see whether the clock "
                  "is right, and what is between us and Zoom",
                  &wa->account->name, ngx_abs(off),
                  off > 0 ? "ahead of" : "behind");
}
