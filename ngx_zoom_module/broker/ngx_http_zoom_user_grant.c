/*
 * One refresh of a user's grant:
 *
 *     read the refresh token -> ask Zoom -> store what Zoom gave -> land
 *
 * Nothing is handed out before the new refresh token is durable, for Zoom may
 * have killed the old one.  Who dies on the way leaves in the store what Zoom
 * still takes, or what it refuses: then the grant is over.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_user_grant.h"
#include "zoom_grant.h"
#include "zoom_oauth.h"
#include "zoom_user.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_USER_GRANT_OVER   10000    /* that it is, is known */
#define NGX_HTTP_ZOOM_USER_GRANT_AGAIN  1000     /* to store it */
#define NGX_HTTP_ZOOM_USER_GRANT_STORE  30000    /* may take so long */
#define NGX_HTTP_ZOOM_USER_GRANT_TURN   500      /* looks for another's end */

#define NGX_HTTP_ZOOM_USER_GRANT_LOOKS  10


typedef struct {
    ngx_http_zoom_mint_job_t     mint;
    u_char                       user[ZOOM_USER_ID_MAX + 1];
    struct ngx_http_zoom_user_grant_s  *own; /* of the one that is flown */
} ngx_http_zoom_user_grant_job_t;


typedef struct ngx_http_zoom_user_grant_s {
    ngx_http_zoom_user_grant_job_t  *job;        /* the mint's copy */
    ngx_http_zoom_grants_ask_t  *ask;            /* in the store, or NULL */
    ngx_event_t                  timer;

    int64_t                      consent;
    int64_t                      version;
    int64_t                      turn;           /* of this host's, or 0 */
    u_char                       token[ZOOM_REFRESH_TOKEN_MAX];
    size_t                       len;
    ngx_uint_t                   looks;
    unsigned                     asked:1;        /* Zoom */
    unsigned                     rotated:1;      /* it is Zoom's new one */
} ngx_http_zoom_user_grant_t;


static ngx_int_t ngx_http_zoom_user_grant_before(
    ngx_http_zoom_mint_job_t *mint);
static void ngx_http_zoom_user_grant_look(ngx_http_zoom_user_grant_t *g);
static ngx_http_zoom_grants_ask_t *ngx_http_zoom_user_grant_ask(
    ngx_http_zoom_user_grant_t *g, ngx_http_zoom_grant_op_e what,
    ngx_http_zoom_grants_pt handler);
static void ngx_http_zoom_user_grant_read(ngx_http_zoom_grants_ask_t *ask);
static ngx_int_t ngx_http_zoom_user_grant_send(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_mint_job_t *mint, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_user_grant_classify(
    const ngx_http_zoom_mint_job_t *mint, const zoom_response_t *response,
    zoom_buf_t *token, ngx_http_zoom_minted_t *minted, zoom_verdict_t *v);
static ngx_uint_t ngx_http_zoom_user_grant_refused(
    ngx_http_zoom_mint_job_t *mint, zoom_verdict_t *first,
    zoom_verdict_t *v);
static ngx_int_t ngx_http_zoom_user_grant_after(
    ngx_http_zoom_mint_job_t *mint, zoom_error_e error);
static void ngx_http_zoom_user_grant_give(ngx_http_zoom_user_grant_t *g);
static void ngx_http_zoom_user_grant_store(ngx_http_zoom_user_grant_t *g);
static void ngx_http_zoom_user_grant_stored(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_user_grant_later(ngx_http_zoom_user_grant_t *g);
static void ngx_http_zoom_user_grant_timer(ngx_event_t *ev);
static void ngx_http_zoom_user_grant_ended(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_user_grant_go(ngx_http_zoom_user_grant_t *g,
    zoom_error_e error, ngx_msec_t hold);
static void ngx_http_zoom_user_grant_free(void *data);
static u_char *ngx_http_zoom_user_grant_print(
    const ngx_http_zoom_mint_job_t *mint, u_char *p, u_char *last);


static const ngx_http_zoom_mint_ops_t  ngx_http_zoom_user_grant_ops = {
    ngx_http_zoom_user_grant_send,
    ngx_http_zoom_user_grant_classify,
    ngx_http_zoom_user_grant_print,
    ngx_http_zoom_user_grant_refused,
    NULL,
    NULL,
    ngx_http_zoom_user_grant_before,
    ngx_http_zoom_user_grant_after
};


const ngx_http_zoom_job_t *
ngx_http_zoom_user_grant(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *user)
{
    zoom_str_t                       none;
    ngx_http_zoom_user_grant_job_t  *job;

    static ngx_http_zoom_user_grant_job_t  next;

    job = &next;

    ngx_memzero(job, sizeof(ngx_http_zoom_user_grant_job_t));

    job->mint.head.size = sizeof(ngx_http_zoom_user_grant_job_t);
    job->mint.head.ops = &ngx_http_zoom_mint_flight;
    job->mint.head.reuse = NGX_MAX_INT32_VALUE;
    job->mint.head.min_left = NGX_HTTP_ZOOM_ACCESS_LEFT;
    job->mint.head.shared = 1;
    job->mint.head.never_alone = 1;
    job->mint.ops = &ngx_http_zoom_user_grant_ops;
    job->mint.wa = wa;
    job->mint.service = NGX_HTTP_ZOOM_OAUTH;
    job->mint.label = ZOOM_NLABELS;
    job->mint.anonymous = 1;

    /* a grant that is over concerns neither Zoom nor other users */

    job->mint.lone = 1;

    /* of two refreshes with one token the second may be taken for a theft */

    job->mint.solo = 1;

    ngx_cpystrn(job->user, user->data, ngx_min(user->len + 1,
                                               sizeof(job->user)));

    none.data = NULL;
    none.len = 0;

    ngx_http_zoom_subject(&job->mint.subject, wa,
                          zoom_str_c((char *) job->user), none);

    return &job->mint.head;
}


static ngx_int_t
ngx_http_zoom_user_grant_before(ngx_http_zoom_mint_job_t *mint)
{
    ngx_pool_t                      *pool;
    ngx_pool_cleanup_t              *cln;
    ngx_http_zoom_user_grant_t      *g;
    ngx_http_zoom_user_grant_job_t  *job;

    job = (ngx_http_zoom_user_grant_job_t *) mint;
    pool = ngx_http_zoom_mint_pool(mint);

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_http_zoom_user_grant_t));

    if (cln == NULL) {
        ngx_http_zoom_mint_go(mint, ZOOM_E_INTERNAL, 0);
        return NGX_AGAIN;
    }

    g = cln->data;

    ngx_memzero(g, sizeof(ngx_http_zoom_user_grant_t));

    cln->handler = ngx_http_zoom_user_grant_free;

    g->job = job;
    job->own = g;

    /* not cancelable: a worker that quits must not lose a token */

    ngx_http_zoom_timer_init(&g->timer, ngx_http_zoom_user_grant_timer,
                             ngx_cycle->log);

    ngx_http_zoom_user_grant_look(g);

    return NGX_AGAIN;
}


static void
ngx_http_zoom_user_grant_look(ngx_http_zoom_user_grant_t *g)
{
    if (ngx_http_zoom_user_grant_ask(g, NGX_HTTP_ZOOM_GRANT_READ,
                                     ngx_http_zoom_user_grant_read)
        == NULL)
    {
        ngx_http_zoom_user_grant_go(g, ZOOM_E_STORE_UNAVAILABLE, 0);
    }
}


/* NULL: it can't be asked */

static ngx_http_zoom_grants_ask_t *
ngx_http_zoom_user_grant_ask(ngx_http_zoom_user_grant_t *g,
    ngx_http_zoom_grant_op_e what, ngx_http_zoom_grants_pt handler)
{
    ngx_http_zoom_grants_ask_t   *ask;
    ngx_http_zoom_grant_query_t  *q;

    ask = ngx_http_zoom_grants_ask(what);

    if (ask == NULL) {
        return NULL;
    }

    q = &ask->query;

    ngx_cpystrn(q->app, g->job->mint.wa->account->consent.app.data,
                sizeof(q->app));
    ngx_memcpy(q->user, g->job->user, sizeof(q->user));
    ngx_memcpy(q->token, g->token, g->len);

    q->len = g->len;
    q->consent = g->consent;
    q->version = g->version;
    q->turn = g->turn;
    q->lease = 1;

    ask->handler = handler;
    ask->data = g;

    g->ask = ask;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        g->ask = NULL;
    }

    return g->ask;
}


static void
ngx_http_zoom_user_grant_read(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_user_grant_t   *g;
    ngx_http_zoom_grant_query_t  *q;

    g = ask->data;
    q = &ask->query;

    g->ask = NULL;

    /* that host has stored nothing yet, or has died while it was at it */

    if (q->rc == NGX_AGAIN && ++g->looks < NGX_HTTP_ZOOM_USER_GRANT_LOOKS) {
        ngx_add_timer(&g->timer, NGX_HTTP_ZOOM_USER_GRANT_TURN);
        return;
    }

    if (q->rc == NGX_ERROR || q->rc == NGX_AGAIN) {
        ngx_http_zoom_user_grant_go(g, ZOOM_E_STORE_UNAVAILABLE, 0);
        return;
    }

    if (q->rc == NGX_DECLINED) {
        ngx_http_zoom_user_grant_go(g, ZOOM_E_NOT_CONNECTED,
                                    NGX_HTTP_ZOOM_USER_GRANT_OVER);
        return;
    }

    if (q->state == ZOOM_GRANT_EXPIRED) {
        ngx_http_zoom_user_grant_go(g, ZOOM_E_GRANT_EXPIRED,
                                    NGX_HTTP_ZOOM_USER_GRANT_OVER);
        return;
    }

    g->consent = q->consent;
    g->version = q->version;
    g->turn = q->turn;
    g->len = q->len;
    g->asked = 1;

    ngx_memcpy(g->token, q->token, q->len);

    ngx_http_zoom_user_grant_go(g, ZOOM_OK, 0);
}


static ngx_int_t
ngx_http_zoom_user_grant_send(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_mint_job_t *mint, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    ngx_int_t                              rc;
    zoom_str_t                             token;
    zoom_buf_t                             body;
    const ngx_http_zoom_user_grant_job_t  *job;

    static u_char  form[NGX_HTTP_ZOOM_FORM_MAX];
    static u_char  basic[NGX_HTTP_ZOOM_BASIC_MAX];

    job = (const ngx_http_zoom_user_grant_job_t *) mint;

    token.data = job->own->token;
    token.len = job->own->len;

    zoom_buf_init(&body, form, sizeof(form));
    zoom_grant_refresh_body(&body, token);

    x->origin = &mint->wa->account->credential.oauth;

    /* over a connection that has died libcurl would send it several times */

    x->once = 1;

    rc = ngx_http_zoom_user_grant_client(mint->wa, &body, basic, x);

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_call_send(call, x);
    }

    ngx_explicit_memzero(form, body.len);
    ngx_explicit_memzero(basic, x->authorization.len);

    return rc;
}


ngx_int_t
ngx_http_zoom_user_grant_client(const ngx_http_zoom_worker_account_t *wa,
    zoom_buf_t *body, u_char *buf, ngx_http_zoom_exchange_t *x)
{
    zoom_buf_t                         authorization;
    const ngx_http_zoom_credential_t  *credential;

    credential = &wa->account->credential;

    zoom_buf_init(&authorization, buf, NGX_HTTP_ZOOM_BASIC_MAX);

    if (credential->client_secret.len) {
        zoom_oauth_authorization(&authorization,
                                 ngx_http_zoom_str(&credential->client_id),
                                 ngx_http_zoom_str(&credential->client_secret));

    } else {
        zoom_grant_public(body, ngx_http_zoom_str(&credential->client_id));
    }

    x->authorization.data = authorization.data;
    x->authorization.len = authorization.len;
    x->body.data = body->data;
    x->body.len = body->len;

    /* a refresh token is good for months, and in no other memory of ours */

    x->traceless = 1;

    return (authorization.overflow || body->overflow) ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_zoom_user_grant_classify(const ngx_http_zoom_mint_job_t *mint,
    const zoom_response_t *response, zoom_buf_t *token,
    ngx_http_zoom_minted_t *minted, zoom_verdict_t *v)
{
    zoom_buf_t                             refresh;
    zoom_grant_tokens_t                    tokens;
    ngx_http_zoom_user_grant_t            *g;
    const ngx_http_zoom_user_grant_job_t  *job;

    static u_char  text[ZOOM_REFRESH_TOKEN_MAX];

    job = (const ngx_http_zoom_user_grant_job_t *) mint;
    g = job->own;

    zoom_buf_init(&refresh, text, sizeof(text));

    tokens.access = token;
    tokens.refresh = &refresh;

    zoom_grant_classify(response, ngx_time(), &tokens, v);

    if (v->verdict == ZOOM_USE) {
        minted->expires = ngx_time() + tokens.life;

        if (refresh.len) {
            ngx_explicit_memzero(g->token, g->len);
            ngx_memcpy(g->token, refresh.data, refresh.len);
            g->len = refresh.len;
            g->rotated = 1;
        }
    }

    ngx_explicit_memzero(text, refresh.len);
}


/* It concerns the app only if the app itself is refused. */

static ngx_uint_t
ngx_http_zoom_user_grant_refused(ngx_http_zoom_mint_job_t *mint,
    zoom_verdict_t *first, zoom_verdict_t *v)
{
    mint->lone = (v->error != ZOOM_E_CREDENTIALS_REJECTED
                  && v->error != ZOOM_E_APP_DISABLED);
    return 0;
}


static ngx_int_t
ngx_http_zoom_user_grant_after(ngx_http_zoom_mint_job_t *mint,
    zoom_error_e error)
{
    ngx_http_zoom_user_grant_t  *g;

    g = ((ngx_http_zoom_user_grant_job_t *) mint)->own;

    if (error == ZOOM_OK) {
        ngx_http_zoom_user_grant_store(g);
        return NGX_AGAIN;
    }

    if (error == ZOOM_E_GRANT_EXPIRED
        && ngx_http_zoom_user_grant_ask(g, NGX_HTTP_ZOOM_GRANT_END,
                                        ngx_http_zoom_user_grant_ended))
    {
        ngx_http_zoom_mint_delayed(mint, error,
                                   NGX_HTTP_ZOOM_USER_GRANT_STORE);
        return NGX_AGAIN;
    }

    ngx_http_zoom_user_grant_give(g);

    return NGX_OK;
}


/* Nothing was changed at Zoom, as far as is known: others may try. */

static void
ngx_http_zoom_user_grant_give(ngx_http_zoom_user_grant_t *g)
{
    if (g->turn == 0) {
        return;
    }

    if (ngx_http_zoom_user_grant_ask(g, NGX_HTTP_ZOOM_GRANT_GIVE, NULL)) {
        g->ask = NULL;
    }

    g->turn = 0;
}


/* Stores the old token as well, to record when it was last good. */

static void
ngx_http_zoom_user_grant_store(ngx_http_zoom_user_grant_t *g)
{
    /* nobody else is to refresh meanwhile, however long it takes */

    ngx_http_zoom_mint_delayed(&g->job->mint, ZOOM_E_STORE_UNAVAILABLE,
                               NGX_HTTP_ZOOM_USER_GRANT_STORE);

    if (ngx_http_zoom_user_grant_ask(g, NGX_HTTP_ZOOM_GRANT_ROTATE,
                                     ngx_http_zoom_user_grant_stored)
        == NULL)
    {
        ngx_http_zoom_user_grant_later(g);
    }
}


static void
ngx_http_zoom_user_grant_stored(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_user_grant_t  *g;

    g = ask->data;
    g->ask = NULL;

    if (ask->query.rc == NGX_OK) {
        g->turn = 0;
        ngx_http_zoom_user_grant_go(g, ZOOM_OK, 0);
        return;
    }

    if (ask->query.rc == NGX_DECLINED && ask->query.late) {

        /* another host was faster, and has what is good */

        ngx_http_zoom_user_grant_go(g, ZOOM_E_ZOOM_UNAVAILABLE, 0);
        return;
    }

    if (ask->query.rc == NGX_DECLINED) {

        /* disconnected, or connected anew, while Zoom answered */

        ngx_http_zoom_user_grant_go(g, ZOOM_E_NOT_CONNECTED, 0);
        return;
    }

    if (!g->rotated) {

        /* what is in the store is still good */

        ngx_http_zoom_user_grant_go(g, ZOOM_OK, 0);
        return;
    }

    ngx_http_zoom_user_grant_later(g);
}


static void
ngx_http_zoom_user_grant_later(ngx_http_zoom_user_grant_t *g)
{
    ngx_add_timer(&g->timer, NGX_HTTP_ZOOM_USER_GRANT_AGAIN
                             + ngx_random() % NGX_HTTP_ZOOM_USER_GRANT_AGAIN);
}


static void
ngx_http_zoom_user_grant_timer(ngx_event_t *ev)
{
    ngx_http_zoom_user_grant_t  *g;

    g = ngx_http_zoom_timer_object(ev, ngx_http_zoom_user_grant_t, timer);

    if (g->asked) {
        ngx_http_zoom_user_grant_store(g);

    } else {
        ngx_http_zoom_user_grant_look(g);
    }
}


static void
ngx_http_zoom_user_grant_ended(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_user_grant_t  *g;

    g = ask->data;
    g->ask = NULL;

    if (ask->query.rc == NGX_OK) {
        g->turn = 0;
    }

    if (ask->query.rc == NGX_OK && ask->query.nrows) {
        ngx_http_zoom_forget_row(g->job->mint.wa, ask->query.rows);
    }

    if (ask->query.rc == NGX_DECLINED) {

        /* the token that Zoom refused has been replaced since */

        ngx_http_zoom_user_grant_go(g, ZOOM_E_ZOOM_UNAVAILABLE, 0);
        return;
    }

    ngx_http_zoom_user_grant_go(g, ZOOM_E_GRANT_EXPIRED,
                                NGX_HTTP_ZOOM_USER_GRANT_OVER);
}


static void
ngx_http_zoom_user_grant_go(ngx_http_zoom_user_grant_t *g, zoom_error_e error,
    ngx_msec_t hold)
{
    ngx_http_zoom_mint_go(&g->job->mint, error, hold);
}


static void
ngx_http_zoom_user_grant_free(void *data)
{
    ngx_http_zoom_user_grant_t  *g = data;

    ngx_http_zoom_timer_stop(&g->timer);

    if (g->ask) {
        ngx_http_zoom_grants_leave(g->ask);
    }

    if (!g->rotated) {
        ngx_http_zoom_user_grant_give(g);
    }

    ngx_explicit_memzero(g->token, g->len);
}


static u_char *
ngx_http_zoom_user_grant_print(const ngx_http_zoom_mint_job_t *mint,
    u_char *p, u_char *last)
{
    const ngx_http_zoom_user_grant_job_t  *job;

    job = (const ngx_http_zoom_user_grant_job_t *) mint;

    return ngx_slprintf(p, last, "access token of user \"%s\"", job->user);
}
