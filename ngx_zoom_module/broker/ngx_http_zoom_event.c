#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_disconnect.h"
#include "ngx_http_zoom_event.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_str.h"


static void ngx_http_zoom_event_consent(
    const ngx_http_zoom_account_t *account, const zoom_event_t *event);
static void ngx_http_zoom_event_search(
    const ngx_http_zoom_account_t *account, const zoom_event_t *event);
static void ngx_http_zoom_event_user(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log);
static void ngx_http_zoom_event_ended(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log);
static ngx_uint_t ngx_http_zoom_event_purge(ngx_http_zoom_account_t *account,
    zoom_str_t user);


void
ngx_http_zoom_event_act(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log)
{
    switch (event->kind) {

    case ZOOM_EVENT_USER_GONE:
        ngx_http_zoom_event_user(account, event, log);
        break;

    case ZOOM_EVENT_USER_BACK:
        ngx_http_zoom_event_user(account, event, log);
        ngx_http_zoom_event_search(account, event);
        break;

    case ZOOM_EVENT_USERS_CHANGED:
        ngx_http_zoom_event_search(account, event);
        break;

    case ZOOM_EVENT_MEETING_ENDED:
        ngx_http_zoom_event_ended(account, event, log);
        break;

    case ZOOM_EVENT_DEAUTHORIZED:
        ngx_http_zoom_event_consent(account, event);
        break;

    default:
        break;
    }
}


/* A user has withdrawn the consent for this very app. */

static void
ngx_http_zoom_event_consent(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event)
{
    ngx_str_t  user;

    if (!ngx_http_zoom_account_of_users(account) || event->user_id.len == 0
        || (event->client_id.len
            && !zoom_str_eq(event->client_id,
                            ngx_http_zoom_str(&account->credential.client_id))))
    {
        return;
    }

    user = ngx_http_zoom_ngx_str(event->user_id);

    ngx_http_zoom_disconnected(account, &user);
}


static void
ngx_http_zoom_event_user(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log)
{
    ngx_log_t                   quiet;
    ngx_str_t                   id, email;
    ngx_uint_t                  i, n, pools;
    ngx_http_zoom_account_t   **other;
    ngx_http_zoom_main_conf_t  *zmcf;

    n = 0;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    other = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {
        if (ngx_http_zoom_account_same(other[i], account)) {
            n += ngx_http_zoom_event_purge(other[i], event->id);
            n += ngx_http_zoom_event_purge(other[i], event->email);
        }
    }

    id = ngx_http_zoom_ngx_str(event->id);
    email = ngx_http_zoom_ngx_str(event->email);

    pools = ngx_http_zoom_pools_user(account, &id, &email,
                                     event->kind == ZOOM_EVENT_USER_GONE);

    /* nginx would add the request line */

    quiet = *log;
    quiet.handler = NULL;

    ngx_log_error(NGX_LOG_NOTICE, &quiet, 0,
                  "zoom: account \"%V\": %*s, forgot %ui token%s of the "
                  "user, who is in %ui pool%s",
                  &account->name, event->name.len, event->name.data, n,
                  ngx_http_zoom_s(n), pools, ngx_http_zoom_s(pools));
}


/* The pools whose members are found may have others now. */

static void
ngx_http_zoom_event_search(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event)
{
    ngx_str_t  email;

    email = ngx_http_zoom_ngx_str(event->email);

    ngx_http_zoom_pools_search(account, &email);
}


static void
ngx_http_zoom_event_ended(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log)
{
    ngx_log_t   quiet;
    ngx_str_t   meeting;
    ngx_uint_t  n;

    meeting = ngx_http_zoom_ngx_str(event->meeting_id);
    n = ngx_http_zoom_pools_ended(account, &meeting);

    if (n == 0) {
        return;
    }

    quiet = *log;
    quiet.handler = NULL;

    ngx_log_error(NGX_LOG_INFO, &quiet, 0,
                  "zoom: account \"%V\": %*s, ended %ui lease%s of users of "
                  "pools", &account->name, event->name.len, event->name.data,
                  n, ngx_http_zoom_s(n));
}


static ngx_uint_t
ngx_http_zoom_event_purge(ngx_http_zoom_account_t *account, zoom_str_t user)
{
    ngx_str_t   name;
    ngx_uint_t  n;

    name = ngx_http_zoom_ngx_str(user);

    return (ngx_http_zoom_broker_forget(account, &name, &n) == NGX_OK) ? n : 0;
}
