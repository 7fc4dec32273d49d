/*
 * Text of any length, into a chain of small buffers.
 */

#ifndef _NGX_HTTP_ZOOM_WRITER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WRITER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* All that one call of ngx_http_zoom_writef() may come to. */

#define NGX_HTTP_ZOOM_PIECE_MAX  512


typedef enum {
    NGX_HTTP_ZOOM_ESCAPE_JSON = 0,
    NGX_HTTP_ZOOM_ESCAPE_LABEL,      /* of Prometheus */
    NGX_HTTP_ZOOM_ESCAPE_HTML
} ngx_http_zoom_escape_e;


/*
 * What does not fit, or finds no memory, sets "failed", after which nothing is
 * written any more; a caller writes everything and tests once.
 */

typedef struct {
    ngx_pool_t                  *pool;
    ngx_chain_t                 *out;
    ngx_chain_t                **end;
    ngx_buf_t                   *buf;
    off_t                        size;
    u_char                       last;       /* byte written */
    ngx_uint_t                   failed;
} ngx_http_zoom_writer_t;


void ngx_http_zoom_writer_init(ngx_http_zoom_writer_t *w, ngx_pool_t *pool);
void ngx_http_zoom_write(ngx_http_zoom_writer_t *w, const void *data,
    size_t len);
void ngx_http_zoom_writes(ngx_http_zoom_writer_t *w, const char *text);
void ngx_http_zoom_writef(ngx_http_zoom_writer_t *w, const char *fmt, ...);

/* Thousandths of something, as a decimal number. */
void ngx_http_zoom_write_milli(ngx_http_zoom_writer_t *w, int64_t n);

/* For the inside of a quoted string, or of an element. */
void ngx_http_zoom_write_escaped(ngx_http_zoom_writer_t *w,
    ngx_http_zoom_escape_e escape, const u_char *data, size_t len);


#endif /* _NGX_HTTP_ZOOM_WRITER_H_INCLUDED_ */
