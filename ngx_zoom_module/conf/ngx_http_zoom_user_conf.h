/* zoom_user and zoom_allow_user, as they are written. */

#ifndef _NGX_HTTP_ZOOM_USER_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_USER_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_error.h"
#include "zoom_user.h"


/* An exact name is a pattern without "*". */

typedef struct {
    ngx_str_t                    pattern;
#if (NGX_PCRE)
    ngx_regex_t                 *regex;
    ngx_regex_t                 *regex_nocase;   /* for e-mails */
#endif
} ngx_http_zoom_allow_t;


/* "zoom_user pool=NAME": a user of that pool. */
#define NGX_HTTP_ZOOM_USER_POOL  "pool="


char *ngx_http_zoom_set_user(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_zoom_allow_user(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* 1 if a caller decides on the value directly: $arg_, $http_ and the like. */
ngx_uint_t ngx_http_zoom_user_foreign(ngx_http_complex_value_t *value);

/*
 * The pool that a location names, unless a variable does: there has to be one,
 * of the same Zoom account, and with users that zoom_allow_user has.
 */

char *ngx_http_zoom_user_pool(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf);

/*
 * A constant user is checked once, at configuration time. 0 if there is one
 * that zoom_allow_user does not permit.
 */

ngx_uint_t ngx_http_zoom_user_fix(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);

/* Whether "list" has the user, or is NULL: anybody will do. */
ngx_uint_t ngx_http_zoom_user_allowed(const ngx_array_t *list,
    ngx_str_t *user, zoom_user_e type);

/*
 * Decodes a value once, in "pool", and tells what it is.  ZOOM_OK, or why it is
 * no user: ZOOM_E_NO_USER, ZOOM_E_DENIED, ZOOM_E_INTERNAL; "*why" then tells
 * the log.
 */

zoom_error_e ngx_http_zoom_user_check(ngx_pool_t *pool, ngx_str_t *value,
    zoom_user_e *type, const char **why);


#endif /* _NGX_HTTP_ZOOM_USER_CONF_H_INCLUDED_ */
