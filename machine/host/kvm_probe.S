# Boot sector: enters long mode with paging, as any kernel does, and tells QEMU's exit device.
.code16
.globl _start
_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    movw $0x1000, %di           # page tables at 0x1000..0x3fff, zeroed
    movw $0x1800, %cx
    cld
    rep stosw
    movl $0x2003, 0x1000        # first GiB, identity, one 2 MiB page is enough
    movl $0x3003, 0x2000
    movl $0x0083, 0x3000
    movl $0xa0, %eax            # PAE, PGE
    movl %eax, %cr4
    movl $0x1000, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx      # EFER.LME
    rdmsr
    orl $0x100, %eax
    wrmsr
    lgdtl descriptor
    movl %cr0, %eax
    orl $0x80000001, %eax       # paging and protection at once
    movl %eax, %cr0
    ljmpl $8, $long
.code64
long:
    movw $16, %ax
    movw %ax, %ss
    movq $0x7c00, %rsp
    movl $1000000, %ecx         # some work, with page-table switches between
1:  movq %cr3, %rax
    testl $0xffff, %ecx
    jnz 2f
    movq %rax, %cr3
2:  loop 1b
    movw $0xf4, %dx
    movb $0x10, %al
    outb %al, %dx
3:  hlt
    jmp 3b
.balign 8
table:
    .quad 0
    .quad 0x00af9a000000ffff
    .quad 0x00cf92000000ffff
descriptor:
    .word 23
    .long table
.org 510
    .word 0xaa55
