#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_sampled.h"
#include "ngx_http_zoom_told.h"
#include "ngx_http_zoom_slot.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"
#include "zoom_log_once.h"


/* 0 is for an account without a place in the zone */

#define ngx_http_zoom_failure_owner(zone, state)                              \
    (ngx_http_zoom_state_index(zone, state) + 1)


static const char *ngx_http_zoom_failure_advice(
    const ngx_http_zoom_exchange_t *x, const zoom_verdict_t *v);
static void ngx_http_zoom_failure_pass(ngx_http_zoom_failure_t *f);
static void ngx_http_zoom_failure_log(ngx_http_zoom_failure_t *f,
    ngx_http_zoom_breaker_e now);
static uint64_t ngx_http_zoom_failure_said(ngx_http_zoom_failure_t *f);
static uint64_t ngx_http_zoom_failure_of(const ngx_http_zoom_failure_t *f);
static uint64_t ngx_http_zoom_failure_whom(
    const ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_service_e service,
    uint64_t subject);


void
ngx_http_zoom_subject(ngx_http_zoom_subject_t *subject,
    const ngx_http_zoom_worker_account_t *wa, zoom_str_t user,
    zoom_str_t meeting)
{
    const u_char  *seed;

    seed = wa->zone->sh->seed;

    /* the lowest bit tells users from meetings, and neither is 0 */

    subject->user = user.len ? zoom_hash(seed, user) | 1 : 0;
    subject->meeting = meeting.len ? zoom_hash(seed, meeting) & ~1ULL : 0;
}


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

    f->reason = (x->rc != NGX_OK) ? x->reason : NULL;
    f->event.untrusted = (x->rc != NGX_OK && x->untrusted);
}


static const char *
ngx_http_zoom_failure_advice(const ngx_http_zoom_exchange_t *x,
    const zoom_verdict_t *v)
{
    const char  *advice;

    advice = (x->rc != NGX_OK) ? x->advice : v->advice;

    if (advice == NULL && v->error == ZOOM_E_ZOOM_UNAVAILABLE) {
        return "see whether Zoom is down (https://status.zoom.us)";
    }

    if (advice == NULL && v->error == ZOOM_E_RATE_LIMITED) {
        return "see \"plan\" and \"share\" of \"zoom_account\", and who else "
               "uses this account of Zoom's";
    }

    return advice;
}


void
ngx_http_zoom_failure_tell(ngx_http_zoom_failure_t *f, const zoom_verdict_t *v)
{
    f->code = v->code;
    f->event.error = v->error;
    f->event.final = (v->verdict == ZOOM_FINAL);
    f->event.counted = 0;
    f->event.wait = (v->wait > 0) ? ngx_min(v->wait * 1000,
                                            NGX_HTTP_ZOOM_CLOSE_MAX) : 0;

    ngx_http_zoom_state_failed(f->wa->zone, f->wa->state, v, f->reason);

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
        if (now == NGX_HTTP_ZOOM_BREAKER_FIRST) {
            ngx_log_error(NGX_LOG_WARN, f->wa->log, 0,
                          "zoom: account \"%*s\": %V, trying again",
                          state->len, state->name, &f->text);
            return;
        }

        ngx_http_zoom_sampled(f->wa->zone, f->wa->log,
                              "zoom: account \"%*s\": %V, trying again",
                              state->len, state->name, &f->text);
        return;
    }

    level = f->event.harmless ? NGX_LOG_WARN : NGX_LOG_ERR;

    count = ngx_http_zoom_failure_said(f);

    if (count > 1) {
        ngx_log_error(level, f->wa->log, 0,
                      "zoom: account \"%*s\": %V (%uL of this kind since the "
                      "last such line)", state->len, state->name, &f->text,
                      count);
        return;
    }

    if (count == 0) {
        ngx_http_zoom_sampled(f->wa->zone, f->wa->log,
                              "zoom: account \"%*s\": %V",
                              state->len, state->name, &f->text);
        return;
    }

    ngx_log_error(level, f->wa->log, 0, "zoom: account \"%*s\": %V",
                  state->len, state->name, &f->text);
}


/* As ngx_http_zoom_tell() and ngx_http_zoom_breaker_said() return it. */

static uint64_t
ngx_http_zoom_failure_said(ngx_http_zoom_failure_t *f)
{
    uint64_t                         subject;
    ngx_str_t                        what[2];
    ngx_http_zoom_news_t             news;
    ngx_http_zoom_worker_account_t  *wa;

    wa = f->wa;
    subject = ngx_http_zoom_failure_of(f);

    if (subject == 0 || f->event.harmless) {
        return ngx_http_zoom_breaker_said(wa->zone, wa->state, f->service,
                                          &f->event);
    }

    what[0].data = (u_char *) &f->event.error;
    what[0].len = sizeof(f->event.error);
    what[1].data = (u_char *) &f->code;
    what[1].len = sizeof(f->code);

    news.owner = ngx_http_zoom_failure_owner(wa->zone, wa->state);
    news.whom = ngx_http_zoom_failure_whom(wa, f->service, subject);
    news.what = ngx_http_zoom_told_hash(wa->zone, what, 2);

    /* whoever calls can invent any number of these */

    if (f->event.error == ZOOM_E_USER_UNKNOWN
        || f->event.error == ZOOM_E_MEETING_UNKNOWN)
    {
        return ngx_http_zoom_tell_paced(wa->zone, &wa->zone->sh->failed,
                                        &news);
    }

    return ngx_http_zoom_tell(wa->zone, &wa->zone->sh->failed, &news);
}


/* The subject at fault; 0: it is the account's, or Zoom's. */

static uint64_t
ngx_http_zoom_failure_of(const ngx_http_zoom_failure_t *f)
{
    const ngx_http_zoom_subject_t  *subject;

    subject = &f->subject;

    switch (f->event.error) {

    case ZOOM_E_USER_UNKNOWN:
        return subject->user;

    case ZOOM_E_MEETING_UNKNOWN:
        return subject->meeting;

    case ZOOM_E_ZOOM_REFUSED:
    case ZOOM_E_USER_NOT_IN_MEETING:
    case ZOOM_E_GRANT_EXPIRED:
        return subject->user ? subject->user : subject->meeting;

    default:
        return 0;
    }
}


static uint64_t
ngx_http_zoom_failure_whom(const ngx_http_zoom_worker_account_t *wa,
    ngx_http_zoom_service_e service, uint64_t subject)
{
    ngx_str_t  parts[3];

    parts[0] = wa->account->name;
    parts[1].data = (u_char *) &service;
    parts[1].len = sizeof(service);
    parts[2].data = (u_char *) &subject;
    parts[2].len = sizeof(subject);

    return ngx_http_zoom_told_hash(wa->zone, parts, 3);
}


ngx_uint_t
ngx_http_zoom_failure_over(ngx_http_zoom_worker_account_t *wa,
    ngx_http_zoom_service_e service, const ngx_http_zoom_subject_t *subject)
{
    uint64_t    whom;
    ngx_uint_t  over;

    over = 0;

    if (!wa->zone->sh->failed.any) {
        return 0;
    }

    if (subject->user) {
        whom = ngx_http_zoom_failure_whom(wa, service, subject->user);
        over |= ngx_http_zoom_told_over(wa->zone, &wa->zone->sh->failed, whom);
    }

    if (subject->meeting) {
        whom = ngx_http_zoom_failure_whom(wa, service, subject->meeting);
        over |= ngx_http_zoom_told_over(wa->zone, &wa->zone->sh->failed, whom);
    }

    return over;
}


uint64_t
ngx_http_zoom_failure_connect(ngx_http_zoom_worker_account_t *wa,
    zoom_error_e error)
{
    ngx_str_t             what;
    ngx_http_zoom_news_t  news;

    what.data = (u_char *) &error;
    what.len = sizeof(error);

    news.owner = ngx_http_zoom_failure_owner(wa->zone, wa->state);
    news.whom = ngx_http_zoom_failure_whom(wa, NGX_HTTP_ZOOM_OAUTH, 0);
    news.what = ngx_http_zoom_told_hash(wa->zone, &what, 1);

    return ngx_http_zoom_tell(wa->zone, &wa->zone->sh->failed, &news);
}


void
ngx_http_zoom_failure_forget(ngx_http_zoom_worker_account_t *wa)
{
    ngx_http_zoom_told_forget(wa->zone, &wa->zone->sh->failed,
                              ngx_http_zoom_failure_owner(wa->zone,
                                                          wa->state));
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
