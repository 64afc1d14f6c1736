<?xml version="1.0"?>
<!-- What a domain needs to be quick without KVM and has no input of its own for: a processor that
     is cheap to emulate, and a translation cache that keeps QEMU's memory below the guest's. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="node()|@*">
    <xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(self::cpu or self::features)]"/>
      <cpu mode="custom" match="exact" check="none"><model fallback="forbid" vendor_id="AuthenticAMD">Nehalem</model></cpu>
      <features><acpi/><tcg><tb-cache unit="MiB">256</tb-cache></tcg></features>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
