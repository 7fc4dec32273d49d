#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_renew.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds between two looks at all accounts, and at those of one look */

#define NGX_HTTP_ZOOM_RENEW_EVERY    500
#define NGX_HTTP_ZOOM_RENEW_SOON     10

/* renewals that are begun in one turn of the event loop */

#define NGX_HTTP_ZOOM_RENEW_AT_ONCE  16


static void ngx_http_zoom_renew_look(ngx_event_t *ev);
static ngx_uint_t ngx_http_zoom_renew_account(
    ngx_http_zoom_worker_account_t *wa);
static void ngx_http_zoom_renew_scopes(ngx_http_zoom_worker_account_t *wa,
    unsigned lacks);
static ngx_uint_t ngx_http_zoom_renew_due(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_record_t *rec);


static ngx_event_t  ngx_http_zoom_renew_timer;
static ngx_uint_t   ngx_http_zoom_renew_first;
static ngx_uint_t   ngx_http_zoom_renew_next;     /* account to look at */


void
ngx_http_zoom_renew_start(ngx_log_t *log)
{
    ngx_http_zoom_timer_init(&ngx_http_zoom_renew_timer,
                             ngx_http_zoom_renew_look, log);

    /* a worker that is told to quit does not wait for it */
    ngx_http_zoom_renew_timer.cancelable = 1;

    if (ngx_worker == 0) {
        ngx_http_zoom_renew_first = 1;
        ngx_add_timer(&ngx_http_zoom_renew_timer, 1);
    }
}


void
ngx_http_zoom_renew_stop(void)
{
    ngx_http_zoom_timer_stop(&ngx_http_zoom_renew_timer);
}


static void
ngx_http_zoom_renew_look(ngx_event_t *ev)
{
    ngx_uint_t                       begun;
    ngx_http_zoom_worker_account_t  *wa;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    begun = 0;

    while (begun < NGX_HTTP_ZOOM_RENEW_AT_ONCE) {
        wa = ngx_http_zoom_worker_account_nth(ngx_http_zoom_renew_next);

        if (wa == NULL) {
            ngx_http_zoom_renew_next = 0;
            ngx_http_zoom_renew_first = 0;
            ngx_add_timer(ev, NGX_HTTP_ZOOM_RENEW_EVERY);
            return;
        }

        if (ngx_http_zoom_renew_next++ == 0) {
            ngx_http_zoom_zone_sweep(wa->zone);
        }

        begun += ngx_http_zoom_renew_account(wa);
    }

    /* the worker has others to serve, too */

    ngx_add_timer(ev, NGX_HTTP_ZOOM_RENEW_SOON);
}


/* whether a renewal was begun */

static ngx_uint_t
ngx_http_zoom_renew_account(ngx_http_zoom_worker_account_t *wa)
{
    ngx_http_zoom_record_t  rec;

    /* a user's is renewed when it is used */

    if (ngx_http_zoom_account_of_users(wa->account)) {
        return 0;
    }

    ngx_http_zoom_access_look(wa, &rec);

    if (rec.flight) {
        return 0;
    }

    if (ngx_http_zoom_renew_due(wa, &rec)) {
        ngx_http_zoom_access_renew(wa, &rec);
        return 1;
    }

    if (rec.published) {
        ngx_http_zoom_renew_scopes(wa, rec.lacks);
    }

    return 0;
}


/* one worker looks, so that what is missing is told once */

static void
ngx_http_zoom_renew_scopes(ngx_http_zoom_worker_account_t *wa, unsigned lacks)
{
    ngx_uint_t  i;
    unsigned    missed;

    lacks &= wa->account->needs;
    missed = lacks & ~wa->missed;

    wa->missed = lacks;

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {

        if (!(missed & (1u << i))) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, wa->log, 0,
                      "zoom: account \"%V\": the app lacks a scope for "
                      "\"%s\" in \"zoom_types\"; add scope %s to the app and "
                      "activate it again", &wa->account->name,
                      zoom_token_types[i].name, zoom_token_types[i].scopes[0]);
    }
}


static ngx_uint_t
ngx_http_zoom_renew_due(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_record_t *rec)
{
    time_t  now, life, jitter;

    now = ngx_time();

    /* the old token lacks scopes that were added since */

    if (rec->published == 0 || rec->expires <= now
        || (ngx_http_zoom_renew_first && (rec->lacks & wa->account->needs)))
    {
        return ngx_http_zoom_renew_first;
    }

    /*
     * Not if unused, not while it would compete with the probes of an outage,
     * and not soon after it failed.
     */

    if (!rec->used
        || ngx_http_zoom_breaker_down(wa->state)
        || (rec->failed > rec->published
            && (ngx_msec_int_t) (rec->until - ngx_current_msec) > 0))
    {
        return 0;
    }

    /*
     * At 80 to 90 % of its life.  The number of the flight that brought it is
     * as good as random here, and the same at each look.
     */

    life = rec->expires - rec->minted;
    jitter = life * (time_t) (rec->published * 7 % 11) / 100;

    return now - rec->minted >= life * 8 / 10 + jitter;
}
