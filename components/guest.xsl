<?xml version="1.0"?>
<!-- What a domain needs and has no input of its own for: its processor where that is more than a mode, and
     its disks as files, in the place of all that the provider writes. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="node()|@*">
    <xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(@REPLACED@)]"/>
      @PROCESSOR@
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(self::disk)]"/>
      @DISKS@
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
