/*
 * Links of recordings, and where they lead to: Zoom sends whoever may have one
 * on to another host, with a permission in the address.  Our access token goes
 * to Zoom's hosts and to nobody else.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_PASS_HOPS      3
#define NGX_HTTP_ZOOM_PASS_LINK_MAX  8192


static const char *ngx_http_zoom_pass_split(ngx_http_zoom_pass_t *pass,
    ngx_str_t *link, ngx_http_zoom_origin_t *origin, ngx_str_t *uri);
static const char *ngx_http_zoom_pass_leads(ngx_http_zoom_pass_t *pass,
    ngx_http_zoom_origin_t *origin);
static const char *ngx_http_zoom_pass_recording_at(
    ngx_http_zoom_pass_t *pass, ngx_http_zoom_origin_t *origin);
static ngx_uint_t ngx_http_zoom_pass_serves_api(const ngx_str_t *host);
static const char *ngx_http_zoom_pass_place_of(ngx_http_zoom_pass_t *pass,
    ngx_http_zoom_origin_t *origin);


zoom_error_e
ngx_http_zoom_pass_link(ngx_http_zoom_pass_t *pass, ngx_str_t *link,
    const char **why)
{
    u_char                          *p;
    zoom_buf_t                       b;
    ngx_str_t                        plain;
    ngx_http_zoom_origin_t          *origin;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(pass->request, ngx_http_zoom_module);

    p = ngx_pnalloc(pass->request->pool, link->len + 1);
    origin = ngx_pcalloc(pass->request->pool, sizeof(ngx_http_zoom_origin_t));

    if (p == NULL || origin == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    pass->linked = 1;

    zoom_buf_init(&b, p, link->len);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(link)) != 0) {
        *why = "has a bad escape";
        return ZOOM_E_BAD_PATH;
    }

    plain.data = b.data;
    plain.len = b.len;

    *why = ngx_http_zoom_pass_split(pass, &plain, origin, &pass->uri);

    if (*why == NULL && !ngx_http_zoom_pass_trusts(zlcf, &origin->host)) {
        *why = "has a host that is not in \"zoom_download_hosts\"";
    }

    if (*why == NULL) {
        *why = ngx_http_zoom_pass_recording_at(pass, origin);
    }

    if (*why) {
        return ZOOM_E_BAD_PATH;
    }

    pass->origin = origin;

    /* which is no fault of the caller's */

    *why = ngx_http_zoom_pass_place_of(pass, origin);

    return *why ? ZOOM_E_INTERNAL : ZOOM_OK;
}


ngx_int_t
ngx_http_zoom_pass_redirect(ngx_http_zoom_pass_t *pass)
{
    ngx_uint_t               status;
    const char              *why;
    ngx_http_zoom_origin_t  *origin;

    status = (ngx_uint_t) pass->response.zoom.status;

    if (pass->conf->kind != NGX_HTTP_ZOOM_PASS_DOWNLOAD
        || pass->response.location.len == 0
        || !(status == 301 || status == 302 || status == 303
             || status == 307 || status == 308))
    {
        return NGX_DECLINED;
    }

    if (pass->hops++ == NGX_HTTP_ZOOM_PASS_HOPS) {
        pass->refusal = "Zoom's redirects have no end.";
        return NGX_ERROR;
    }

    origin = ngx_pcalloc(pass->request->pool, sizeof(ngx_http_zoom_origin_t));
    if (origin == NULL) {
        return NGX_ERROR;
    }

    why = ngx_http_zoom_pass_split(pass, &pass->response.location, origin,
                                   &pass->uri);

    if (why == NULL) {
        why = ngx_http_zoom_pass_leads(pass, origin);
    }

    if (why) {
        ngx_log_error(NGX_LOG_ERR, pass->request->connection->log, 0,
                      "zoom: the redirect of a recording %s", why);

        pass->refusal = "Zoom redirects to where a recording can't be had.";
        return NGX_ERROR;
    }

    pass->origin = origin;
    pass->beyond = 1;

    return NGX_OK;
}


/*
 * Whoever can make Zoom redirect is not to reach what stands around us, so such
 * an address takes a name that the operator has written down.
 */

static const char *
ngx_http_zoom_pass_leads(ngx_http_zoom_pass_t *pass,
    ngx_http_zoom_origin_t *origin)
{
    const char                      *why;
    ngx_uint_t                       i;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(pass->request, ngx_http_zoom_module);

    /* http is for loopback addresses only, where no recording of Zoom's is */

    if (!origin->https && pass->ctx->target.account->download.https) {
        return "leads from https to http";
    }

    pass->outside = !ngx_http_zoom_pass_follows(zlcf, &origin->host);

    /* where a stranger sends us next, that goes without our access token */

    pass->strayed |= pass->outside;

    if (!pass->outside) {
        why = ngx_http_zoom_pass_recording_at(pass, origin);

        if (why) {
            return why;
        }
    }

    if (pass->outside && zlcf->download_redirects) {
        return "leads to a host that is not in \"zoom_download_redirects\"";
    }

    why = ngx_http_zoom_pass_place_of(pass, origin);

    /* a proxy would not look at an address */

    for (i = 0; why == NULL && pass->outside && i < origin->naddrs; i++) {
        if (!ngx_http_zoom_url_public(origin->addrs[i].sockaddr)) {
            why = "leads to an address that is none of the Internet";
        }
    }

    return why;
}


/*
 * The API's hosts take our access token as well, and what zoom_allow permits of
 * it is for another location.  An operator who serves both from one host has a
 * path for each.
 */

static const char *
ngx_http_zoom_pass_recording_at(ngx_http_zoom_pass_t *pass,
    ngx_http_zoom_origin_t *origin)
{
    const ngx_http_zoom_account_t  *account;

    account = pass->ctx->target.account;

    if (ngx_http_zoom_same(&origin->host, &account->download.host)) {
        return NULL;
    }

    if (ngx_http_zoom_same(&origin->host, &account->api.host)
        || ngx_http_zoom_same(&origin->host, &account->mcp.host)
        || ngx_http_zoom_pass_serves_api(&origin->host))
    {
        return "has a host of Zoom's API, where no recordings are";
    }

    return NULL;
}


/* api.zoom.us, api-us.zoom.us, mcp.zoom.us, and those that may follow. */

static ngx_uint_t
ngx_http_zoom_pass_serves_api(const ngx_str_t *host)
{
    return host->len > 4
           && (ngx_strncasecmp(host->data, (u_char *) "api", 3) == 0
               || ngx_strncasecmp(host->data, (u_char *) "mcp", 3) == 0)
           && (host->data[3] == '.' || host->data[3] == '-');
}


/* Host and all that follows it; a fragment is the caller's. */

static const char *
ngx_http_zoom_pass_split(ngx_http_zoom_pass_t *pass, ngx_str_t *link,
    ngx_http_zoom_origin_t *origin, ngx_str_t *uri)
{
    u_char     *p, *q, *last;
    ngx_str_t   host;

    if (link->len > NGX_HTTP_ZOOM_PASS_LINK_MAX) {
        return "is too long";
    }

    last = link->data + link->len;

    for (p = link->data; p < last; p++) {

        if (*p <= ' ' || *p >= 0x7f || *p == '\\') {
            return "has a character that must be encoded";
        }

        if (*p == '#') {
            last = p;
        }
    }

    p = ngx_strlchr(link->data, last, ':');

    if (p == NULL || last - p < 4 || p[1] != '/' || p[2] != '/') {
        return "is no URL";
    }

    for (q = p + 3; q < last && *q != '/' && *q != '?'; q++) { /* void */ }

    host.data = link->data;
    host.len = q - link->data;

    uri->len = last - q + 1;
    uri->data = ngx_pnalloc(pass->request->pool, uri->len);
    if (uri->data == NULL) {
        return "finds no memory";
    }

    uri->data[0] = '/';

    if (q < last && *q == '/') {
        q++;
    }

    uri->len = ngx_cpymem(uri->data + 1, q, last - q) - uri->data;

    return ngx_http_zoom_url(pass->request->pool, &host, origin);
}


/* An address is one already; names are for the resolver. */

static const char *
ngx_http_zoom_pass_place_of(ngx_http_zoom_pass_t *pass,
    ngx_http_zoom_origin_t *origin)
{
    if (!origin->literal) {
        return pass->ctx->target.account->client.resolver
               || pass->ctx->target.account->client.proxy.len
               ? NULL : "a link can't be followed without a \"resolver\" in "
                        "the configuration";
    }

    return ngx_http_zoom_url_addrs(pass->request->pool, &origin->host,
                                   origin->port, &origin->addrs,
                                   &origin->naddrs);
}
