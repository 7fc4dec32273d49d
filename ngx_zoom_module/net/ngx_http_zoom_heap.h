/*
 * Memory of libraries that make copies of secrets and do not wipe them: libcurl
 * of requests and answers, Jansson of the strings in an answer.
 */

#ifndef _NGX_HTTP_ZOOM_HEAP_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HEAP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * From the first to the second all that is freed below is wiped.  They nest.
 * Wiping all the time would cost a mint two fifths more instructions, since
 * curl's buffers are large.
 */

void ngx_http_zoom_heap_begin_wiping(void);
void ngx_http_zoom_heap_end_wiping(void);

/*
 * As free() and realloc(), for memory of malloc()'s whoever asked for it: a
 * library that takes these may be handed what it had before, and what it hands
 * out may be freed by others.  For curl's threads as well.
 */

void ngx_http_zoom_heap_free(void *p);
void *ngx_http_zoom_heap_realloc(void *p, size_t size);


#endif /* _NGX_HTTP_ZOOM_HEAP_H_INCLUDED_ */
