/*
 * Secret values of the configuration: "file:path", "env:NAME", "literal:text"
 * or the text alone.
 */

#ifndef _NGX_HTTP_ZOOM_SECRET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SECRET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_SECRET_ID     0x01     /* no secret: others may know */
#define NGX_HTTP_ZOOM_SECRET_WORDS  0x02     /* may be words, blanks between */


/*
 * Reads the secret that "arg" names into "value", which belongs to cf->pool
 * and is wiped with it.  On failure the cause has been logged, under "name"
 * (a directive or parameter); neither "arg" nor the secret is ever quoted.
 */

ngx_int_t ngx_http_zoom_secret(ngx_conf_t *cf, const char *name,
    ngx_str_t *arg, ngx_uint_t flags, ngx_str_t *value);

/* Memory of cf->pool that is wiped before it is freed, or NULL. */
void *ngx_http_zoom_secret_alloc(ngx_conf_t *cf, size_t size);


#endif /* _NGX_HTTP_ZOOM_SECRET_H_INCLUDED_ */
