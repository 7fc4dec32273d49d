/*
 * What an operator's code asks of users' grants.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_disconnect.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_script_grants.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_user.h"
#include "zoom_error.h"
#include "zoom_grant.h"
#include "zoom_user.h"


typedef struct {
    ngx_http_zoom_grants_t      *want;
    ngx_http_zoom_grants_ask_t  *ask;        /* one of the two, until it is */
    ngx_http_zoom_disconnect_t  *disconnect; /* over */
    ngx_http_zoom_grant_row_t   *rows;
    ngx_event_t                  event;      /* time is over, or that was all */
} ngx_http_zoom_script_grants_t;


static const char *ngx_http_zoom_script_grants_start(
    ngx_http_zoom_grants_t *want, ngx_http_zoom_script_grants_t **grants);
static void ngx_http_zoom_script_grants_ask(
    ngx_http_zoom_script_grants_t *grants);
static void ngx_http_zoom_script_grants_done(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_script_disconnected(ngx_http_zoom_disconnect_t *d);
static void ngx_http_zoom_script_grants_later(
    ngx_http_zoom_script_grants_t *grants, zoom_error_e error);
static void ngx_http_zoom_script_grants_event(ngx_event_t *ev);
static void ngx_http_zoom_script_grants_over(
    ngx_http_zoom_script_grants_t *grants);
static void ngx_http_zoom_script_grants_error(ngx_http_zoom_grants_t *want,
    zoom_error_e error);


const char *
ngx_http_zoom_script_grants(ngx_http_zoom_grants_t *want)
{
    const char                     *why;
    ngx_http_zoom_script_grants_t  *grants;

    want->own = NULL;

    if (want->user.len
        && zoom_user_check(ngx_http_zoom_str(&want->user)) != ZOOM_USER_ID)
    {
        return "what the list is to come after is no user id";
    }

    why = ngx_http_zoom_script_grants_start(want, &grants);

    if (why == NULL && want->error == NULL) {
        ngx_http_zoom_script_grants_ask(grants);
    }

    return why;
}


const char *
ngx_http_zoom_script_disconnect(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *want)
{
    const char                     *why;
    ngx_http_zoom_script_grants_t  *grants;

    want->own = NULL;

    if (ngx_http_zoom_user_named(r, &want->user, &why) != ZOOM_OK) {
        return why;
    }

    why = ngx_http_zoom_script_grants_start(want, &grants);

    if (why || want->error) {
        return why;
    }

    grants->disconnect = ngx_http_zoom_disconnect(want->account, &want->user);

    if (grants->disconnect == NULL) {
        ngx_http_zoom_script_grants_later(grants, ZOOM_E_OVERLOADED);
        return NULL;
    }

    grants->disconnect->handler = ngx_http_zoom_script_disconnected;
    grants->disconnect->data = grants;

    return NULL;
}


/* NULL, and "error" is set: that will be the result. */

static const char *
ngx_http_zoom_script_grants_start(ngx_http_zoom_grants_t *want,
    ngx_http_zoom_script_grants_t **grantsp)
{
    ngx_http_zoom_script_grants_t  *grants;

    want->error = NULL;
    want->http = 0;
    want->retry_after = 0;
    want->n = 0;
    want->more = 0;

    if (want->account == NULL) {
        return "there is no such account";
    }

    if (!ngx_http_zoom_account_of_users(want->account)) {
        return "the account has no grants of users, which \"grant\" gives it";
    }

    grants = ngx_calloc(sizeof(ngx_http_zoom_script_grants_t), ngx_cycle->log);
    if (grants == NULL) {
        return "no memory";
    }

    grants->want = want;

    ngx_http_zoom_timer_init(&grants->event,
                             ngx_http_zoom_script_grants_event,
                             ngx_cycle->log);

    want->own = grants;

    *grantsp = grants;

    if (want->timeout == 0) {
        ngx_http_zoom_script_grants_later(grants, ZOOM_E_TIMEOUT);
        return NULL;
    }

    ngx_add_timer(&grants->event, want->timeout);

    return NULL;
}


static void
ngx_http_zoom_script_grants_ask(ngx_http_zoom_script_grants_t *grants)
{
    ngx_http_zoom_grants_t      *want;
    ngx_http_zoom_grants_ask_t  *ask;

    want = grants->want;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_LIST);

    if (ask == NULL) {
        ngx_http_zoom_script_grants_later(grants, ZOOM_E_INTERNAL);
        return;
    }

    ngx_cpystrn(ask->query.app, want->account->consent.app.data,
                sizeof(ask->query.app));

    if (want->user.len) {
        ngx_memcpy(ask->query.user, want->user.data, want->user.len);
    }

    ask->handler = ngx_http_zoom_script_grants_done;
    ask->data = grants;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        ngx_http_zoom_script_grants_later(grants, ZOOM_E_STORE_UNAVAILABLE);
        return;
    }

    grants->ask = ask;
}


static void
ngx_http_zoom_script_grants_done(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_grants_t         *want;
    ngx_http_zoom_script_grants_t  *grants;

    grants = ask->data;
    grants->ask = NULL;

    want = grants->want;

    if (ask->query.rc != NGX_OK) {
        ngx_http_zoom_script_grants_error(want, ZOOM_E_STORE_UNAVAILABLE);

    } else {
        want->n = ask->query.nrows;
        want->more = ask->query.more;

        /* Lua reads them later */

        grants->rows = ask->query.rows;
        ask->query.rows = NULL;
    }

    ngx_http_zoom_script_grants_over(grants);
}


static void
ngx_http_zoom_script_disconnected(ngx_http_zoom_disconnect_t *d)
{
    ngx_http_zoom_grants_t         *want;
    ngx_http_zoom_script_grants_t  *grants;

    grants = d->data;
    grants->disconnect = NULL;

    want = grants->want;
    want->retry_after = d->retry_after;

    if (d->error == ZOOM_E_NOT_CONNECTED) {
        ngx_http_zoom_script_grants_error(want, ZOOM_E_USER_UNKNOWN);
        want->http = NGX_HTTP_NOT_FOUND;

    } else if (d->error != ZOOM_OK) {
        ngx_http_zoom_script_grants_error(want, d->error);
    }

    ngx_http_zoom_script_grants_over(grants);
}


/* From the event loop, as all results come. */

static void
ngx_http_zoom_script_grants_later(ngx_http_zoom_script_grants_t *grants,
    zoom_error_e error)
{
    ngx_http_zoom_script_grants_error(grants->want, error);

    ngx_post_event(&grants->event, &ngx_posted_events);
}


static void
ngx_http_zoom_script_grants_event(ngx_event_t *ev)
{
    ngx_http_zoom_script_grants_t  *grants;

    grants = ngx_http_zoom_timer_object(ev, ngx_http_zoom_script_grants_t,
                                        event);

    if (grants->want->error == NULL) {
        ngx_http_zoom_script_grants_error(grants->want, ZOOM_E_TIMEOUT);
    }

    ngx_http_zoom_script_grants_over(grants);
}


static void
ngx_http_zoom_script_grants_over(ngx_http_zoom_script_grants_t *grants)
{
    ngx_http_zoom_timer_stop(&grants->event);

    grants->want->handler(grants->want);
}


static void
ngx_http_zoom_script_grants_error(ngx_http_zoom_grants_t *want,
    zoom_error_e error)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    want->error = (const char *) info->name.data;
    want->http = info->status;
}


void
ngx_http_zoom_script_grant(const ngx_http_zoom_grants_t *want, ngx_uint_t i,
    ngx_http_zoom_grant_report_t *report)
{
    ngx_uint_t                            n;
    const ngx_http_zoom_grant_row_t      *row;
    const ngx_http_zoom_script_grants_t  *grants;

    grants = want->own;
    row = &grants->rows[i];

    report->user = row->user;
    report->email = row->email;
    report->nnames = ngx_min(row->nnames, NGX_HTTP_ZOOM_API_NAMES);

    for (n = 0; n < report->nnames; n++) {
        report->names[n] = row->names[n];
    }

    report->state = zoom_grant_states[row->state];
    report->connected = row->connected;
    report->refreshed = row->refreshed;
}


void
ngx_http_zoom_script_grants_end(ngx_http_zoom_grants_t *want)
{
    ngx_http_zoom_script_grants_t  *grants;

    grants = want->own;

    if (grants == NULL) {
        return;
    }

    want->own = NULL;

    ngx_http_zoom_timer_stop(&grants->event);

    if (grants->ask) {
        ngx_http_zoom_grants_leave(grants->ask);
    }

    if (grants->disconnect) {
        grants->disconnect->handler = NULL;
    }

    /* calloc()ed in a thread, where nginx's allocator has no log */

    free(grants->rows);
    ngx_free(grants);
}
