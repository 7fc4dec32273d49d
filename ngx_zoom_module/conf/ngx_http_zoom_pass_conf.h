/*
 * The gateway's directives: zoom_pass, zoom_allow, zoom_allow_unknown,
 * zoom_download_hosts and zoom_download_redirects.
 */

#ifndef _NGX_HTTP_ZOOM_PASS_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PASS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_url.h"
#include "zoom_endpoint.h"


/* A body that is held until it is sent, and may be sent again, bytes. */
#define NGX_HTTP_ZOOM_PASS_HELD  16384


typedef enum {
    NGX_HTTP_ZOOM_PASS_REST = 0,
    NGX_HTTP_ZOOM_PASS_GRAPHQL,
    NGX_HTTP_ZOOM_PASS_MCP,
    NGX_HTTP_ZOOM_PASS_DOWNLOAD
} ngx_http_zoom_pass_kind_e;


typedef struct ngx_http_zoom_pass_conf_s  ngx_http_zoom_pass_conf_t;

struct ngx_http_zoom_pass_conf_s {
    ngx_http_zoom_pass_kind_e    kind;
    ngx_str_t                    prefix;     /* what stands before Zoom's path,
                                                without its last "/" */
    ngx_http_upstream_conf_t     upstream;   /* until the response begins */
    ngx_http_upstream_conf_t     streaming;
};


/* What one line of zoom_allow says. */

typedef struct {
    ngx_str_t                    caller;
    ngx_array_t                  rules;      /* zoom_rule_t */
    ngx_http_zoom_place_t        place;
} ngx_http_zoom_granted_t;


/* Of zoom_pass: its kind and its prefix, and who gives upstream a peer. */
char *ngx_http_zoom_set_pass(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf,
    ngx_http_upstream_srv_conf_t *server);

/* 1 if a host may see an access token: of zoom_download_hosts, or Zoom's. */
ngx_uint_t ngx_http_zoom_pass_trusts(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *host);

/* 1 if a redirect may go there, wherever that is: likewise, or named. */
ngx_uint_t ngx_http_zoom_pass_follows(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *host);

char *ngx_http_zoom_set_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_zoom_set_allow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_zoom_set_allow_unknown(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * When all is merged: whether callers and rules exist, and can match.  Where
 * that is wrong it has been logged with its own place.
 */

char *ngx_http_zoom_pass_check(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf);

/* After that: addresses, and what upstream is to do. */
char *ngx_http_zoom_pass_finish(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);

/* Where requests of that kind go. */
ngx_http_zoom_origin_t *ngx_http_zoom_pass_origin(
    ngx_http_zoom_account_t *account, ngx_http_zoom_pass_kind_e kind);

/* 1 if the account's own grant is a user's. */
zoom_whose_e ngx_http_zoom_pass_whose(const ngx_http_zoom_loc_conf_t *conf);


#endif /* _NGX_HTTP_ZOOM_PASS_CONF_H_INCLUDED_ */
