/*
 * zoom_grants: who has connected, for people and as JSON, a page at a time.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_page.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_writer.h"
#include "zoom_grant.h"
#include "zoom_user.h"


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_zoom_ctx_t         *ctx;
    ngx_http_zoom_grants_ask_t  *ask;        /* NULL: it is over */
} ngx_http_zoom_grants_page_t;


static ngx_int_t ngx_http_zoom_grants_page_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_grants_page_ask(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_str_t *after);
static void ngx_http_zoom_grants_page_done(ngx_http_zoom_grants_ask_t *ask);
static ngx_int_t ngx_http_zoom_grants_page_reply(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_grant_query_t *q);
static void ngx_http_zoom_grants_page_json(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_query_t *q);
static void ngx_http_zoom_grants_page_time(ngx_http_zoom_writer_t *w,
    const char *name, time_t t);
static void ngx_http_zoom_grants_page_html(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_query_t *q, const ngx_str_t *account);
static void ngx_http_zoom_grants_page_row(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_row_t *row);
static void ngx_http_zoom_grants_page_left(void *data);


ngx_int_t
ngx_http_zoom_grants_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_GET, "GET",
                                        ngx_http_zoom_grants_page_go);
}


static ngx_int_t
ngx_http_zoom_grants_page_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;
    ngx_str_t  after;

    static const ngx_str_t  name = ngx_string("after");

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_null(&after);

    if (ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &after)
        && zoom_user_check(ngx_http_zoom_str(&after)) != ZOOM_USER_ID)
    {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                                         "The after argument is no user id.");
    }

    return ngx_http_zoom_grants_page_ask(r, ctx, &after);
}


static ngx_int_t
ngx_http_zoom_grants_page_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *after)
{
    ngx_http_cleanup_t              *cln;
    ngx_http_zoom_grants_ask_t      *ask;
    ngx_http_zoom_grants_page_t     *page;
    const ngx_http_zoom_loc_conf_t  *zlcf;
    ngx_http_zoom_consent_conf_t    *consent;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_zoom_grants_page_t));

    if (cln == NULL || ngx_http_zoom_ctx_watch(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_LIST);
    if (ask == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    consent = &zlcf->account->consent;

    ngx_cpystrn(ask->query.app, consent->app.data, sizeof(ask->query.app));

    if (after->len) {
        ngx_memcpy(ask->query.user, after->data, after->len);
    }

    page = cln->data;
    page->request = r;
    page->ctx = ctx;
    page->ask = ask;

    ask->handler = ngx_http_zoom_grants_page_done;
    ask->data = page;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_STORE_UNAVAILABLE,
                                         "too many wait for the store");
    }

    cln->handler = ngx_http_zoom_grants_page_left;

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_zoom_grants_page_done(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_http_zoom_grants_page_t  *page;

    page = ask->data;
    page->ask = NULL;

    r = page->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, ngx_http_zoom_grants_page_reply(r, page->ctx,
                                                               &ask->query));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_zoom_grants_page_reply(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_grant_query_t *q)
{
    ngx_http_zoom_writer_t           w;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (q->rc != NGX_OK) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_STORE_UNAVAILABLE,
                                         NULL);
    }

    if (ngx_http_zoom_page_headers(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_zoom_writer_init(&w, r->pool);

    if (!ngx_http_zoom_page_wanted(r)) {
        ngx_http_zoom_grants_page_json(&w, q);

        return w.failed ? NGX_HTTP_INTERNAL_SERVER_ERROR
               : ngx_http_zoom_reply_chain(r, ctx, NGX_HTTP_OK,
                                           "application/json", w.out, w.size);
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_http_zoom_grants_page_html(&w, q, &zlcf->account->name);

    return w.failed ? NGX_HTTP_INTERNAL_SERVER_ERROR
           : ngx_http_zoom_reply_chain(r, ctx, NGX_HTTP_OK,
                                       "text/html; charset=utf-8", w.out,
                                       w.size);
}


static void
ngx_http_zoom_grants_page_json(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_query_t *q)
{
    ngx_uint_t                        i, j;
    const ngx_http_zoom_grant_row_t  *row;

    ngx_http_zoom_writes(w, "{\"grants\":[");

    for (i = 0; i < q->nrows; i++) {
        row = &q->rows[i];

        ngx_http_zoom_writef(w, "%s{\"user\":\"", i ? "," : "");
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, row->user,
                                    ngx_strlen(row->user));
        ngx_http_zoom_writes(w, "\",\"email\":\"");
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, row->email,
                                    ngx_strlen(row->email));
        ngx_http_zoom_writes(w, "\",\"aliases\":[");

        for (j = 0; j < row->nnames; j++) {
            ngx_http_zoom_writes(w, j ? ",\"" : "\"");
            ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON,
                                        row->names[j],
                                        ngx_strlen(row->names[j]));
            ngx_http_zoom_writes(w, "\"");
        }

        ngx_http_zoom_writef(w, "],\"state\":\"%s\"",
                             zoom_grant_states[row->state]);
        ngx_http_zoom_grants_page_time(w, "connected", row->connected);
        ngx_http_zoom_grants_page_time(w, "refreshed", row->refreshed);
        ngx_http_zoom_writes(w, "}");
    }

    ngx_http_zoom_writes(w, "],\"next\":");

    if (q->more) {
        ngx_http_zoom_writef(w, "\"%s\"}", q->rows[q->nrows - 1].user);

    } else {
        ngx_http_zoom_writes(w, "null}");
    }
}


static void
ngx_http_zoom_grants_page_time(ngx_http_zoom_writer_t *w, const char *name,
    time_t t)
{
    ngx_tm_t  tm;

    ngx_gmtime(t, &tm);

    ngx_http_zoom_writef(w, ",\"%s\":\"%4d-%02d-%02dT%02d:%02d:%02dZ\"", name,
                         tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                         tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);
}


static void
ngx_http_zoom_grants_page_html(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_query_t *q, const ngx_str_t *account)
{
    ngx_uint_t  i;

    ngx_http_zoom_page_head(w, "Connected Zoom accounts");

    ngx_http_zoom_writef(w, "<p class=dim>Account %V</p>\n", account);

    ngx_http_zoom_writes(w, "<ul>\n");

    if (q->nrows == 0) {
        ngx_http_zoom_writes(w, "<li class=grey>Nobody has connected an "
                                "account.</li>\n");
    }

    for (i = 0; i < q->nrows; i++) {
        ngx_http_zoom_grants_page_row(w, &q->rows[i]);
    }

    ngx_http_zoom_writes(w, "</ul>\n");

    if (q->more) {
        ngx_http_zoom_writef(w, "<p><a href=\"?after=%s\">More</a></p>\n",
                             q->rows[q->nrows - 1].user);
    }

    ngx_http_zoom_page_foot(w);
}


static void
ngx_http_zoom_grants_page_row(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_grant_row_t *row)
{
    ngx_uint_t  i;

    ngx_http_zoom_writef(w, "<li class=%s><i>%s</i>",
                         row->state ? "red" : "green",
                         row->state ? "Expired." : "Active.");

    if (row->nnames == 0) {
        ngx_http_zoom_html_text(w, row->user, ngx_strlen(row->user));
    }

    for (i = 0; i < row->nnames; i++) {
        ngx_http_zoom_writes(w, i ? ", " : "");
        ngx_http_zoom_html_text(w, row->names[i], ngx_strlen(row->names[i]));
    }

    ngx_http_zoom_writes(w, "<br><span class=dim>");
    ngx_http_zoom_html_text(w, row->email, ngx_strlen(row->email));
    ngx_http_zoom_writes(w, row->email[0] ? ", " : "");
    ngx_http_zoom_html_text(w, row->user, ngx_strlen(row->user));
    ngx_http_zoom_writes(w, "<br>connected ");
    ngx_http_zoom_html_date(w, row->connected);
    ngx_http_zoom_writes(w, ", last refreshed ");
    ngx_http_zoom_html_date(w, row->refreshed);
    ngx_http_zoom_writes(w, row->state
                            ? "<br>the user has to connect again</span></li>\n"
                            : "</span></li>\n");
}


static void
ngx_http_zoom_grants_page_left(void *data)
{
    ngx_http_zoom_grants_page_t  *page = data;

    if (page->ask) {
        ngx_http_zoom_grants_leave(page->ask);
        page->ask = NULL;
    }
}
